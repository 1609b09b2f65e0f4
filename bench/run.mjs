// npm run bench: the library against floors in C++, on this machine, now. Numbers of one run compare
// with each other and not with those of another; docs/performance.md has the method.
//
//   npm run bench [-- --quick] [-- --json FILE]     --help tells of the others
import { writeFileSync } from 'node:fs';
import { ready } from '../scripts/ready.mjs';
import { GOALS } from './goals.mjs';
import { machine } from './machine.mjs';
import { HELP, parseOptions } from './options.mjs';
import { Peers } from './peers.mjs';
import { allowedCpus } from './placement.mjs';
import { planOf, roundsOf } from './plan.mjs';
import { outcomesOf } from './ratios.mjs';
import { goalsTable, moreTable, rowsTable } from './report.mjs';
import { Rows, summaryOf } from './rows.mjs';

function optionsOrEnd() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function measure(plan, options) {
  const rows = new Rows();
  const peers = new Peers();
  const rounds = Math.max(...plan.map((each) => roundsOf(each.case, options)));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`round ${round} of ${rounds}\n`);
      for (const each of plan) {
        if (round > roundsOf(each.case, options)) continue;
        const result = await peers.with(each, (peer) => peer.measure(each.case.name, each.options));
        if (result !== undefined) rows.add(each, result);
      }
    }
  } finally {
    await peers.close();
  }
  for (const [name, why] of peers.missing) console.log(`${name} was left out: ${why}`);
  return rows.list();
}

const options = optionsOrEnd();
if (options.help) {
  process.stdout.write(HELP);
  process.exit();
}
await ready();
const facts = machine();
console.log(
  Object.entries(facts)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', '),
);

const plan = planOf(options, allowedCpus());
if (plan.length === 0) {
  console.error('none of the chosen implementations does any of the chosen cases there');
  process.exit(1);
}
const raw = await measure(plan, options);
const rows = raw.map(summaryOf);
const ratios = outcomesOf(GOALS, raw, options.case);

const special = rows.filter(({ more }) => more !== null);
const plain = rows.filter(({ more }) => more === null);
if (plain.length > 0) console.log(`\n${rowsTable(plain)}`);
if (special.length > 0) console.log(`\n${moreTable(special)}`);
console.log(`\n${goalsTable(ratios)}`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ machine: facts, rows, ratios }, null, 2)}\n`);
}
