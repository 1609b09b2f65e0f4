// Makes the measurements of a plan, round by round.
import { Peers } from './peers.mjs';
import { Progress } from './progress.mjs';
import { Rows } from './rows.mjs';

/** The rows with all their rounds, and why implementations were left out, by their names. */
export async function measure(plan) {
  const rows = new Rows();
  const peers = new Peers();
  const progress = new Progress(plan);
  const rounds = Math.max(...plan.map((each) => each.rounds));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      progress.round(round);
      for (const each of plan) {
        if (round > each.rounds) continue;
        progress.begin(each);
        const ask = (peer) => peer.measure(each.case.name, each.options);
        const result = await peers.with(each, (peer) => progress.during(each, () => ask(peer)));
        if (result === undefined) progress.drop(each);
        else rows.add(each, result);
      }
    }
  } finally {
    progress.end();
    await peers.close();
  }
  return { rows: rows.list(), missing: Object.fromEntries(peers.missing) };
}
