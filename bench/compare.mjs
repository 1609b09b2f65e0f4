// What moved between two runs. A run's noise is how its rounds lay: a number has moved when the
// rounds of one run all lie on one side of all rounds of the other, and the medians are apart by more
// than a little. What has too few rounds to tell is counted and not judged.
import { keyOf } from './rows.mjs';
import { shown, table, time } from './tables.mjs';

const FEWEST_ROUNDS = 3;
// Two runs of the same program differ by so much: where pages lie, what the machine did meanwhile.
const LEAST_FACTOR = 1.05;

const NUMBERS = {
  p50Ns: { name: 'p50', shown: time },
  p99Ns: { name: 'p99', shown: time },
  perSecond: { name: 'a second', shown, moreIsBetter: true },
  cpuNsPerOp: { name: 'CPU each', shown: time },
};

/**
 * How `after` stands to `before`, each `{ median, min, max }`: undefined if it did not move, else
 * `{ better, times }`.
 */
export function movement(before, after, moreIsBetter = false) {
  if (after.min <= before.max && before.min <= after.max) return undefined;
  const grew = after.median > before.median;
  const [small, large] = [before.median, after.median].sort((a, b) => a - b);
  const times = large / small;
  if (times < LEAST_FACTOR) return undefined;
  return { better: grew === moreIsBetter, times };
}

function movedRow(before, after) {
  return Object.entries(NUMBERS).flatMap(([field, number]) => {
    const [old, now] = [before.spread[field], after.spread[field]];
    if (old === undefined || now === undefined) return [];
    const moved = movement(old, now, number.moreIsBetter);
    if (moved === undefined) return [];
    const { case: name, variant, impl, placement } = after;
    const what = [variant === null ? name : `${name}: ${variant}`, impl, placement];
    const change = { field: number.name, before: old.median, after: now.median };
    return [{ what, ...change, ...moved, shown: number.shown }];
  });
}

/** What became of the rows and goals of `before` in `after`, both as --json writes them. */
export function comparison(before, after) {
  const old = new Map(before.rows.map((row) => [keyOf(row), row]));
  const both = after.rows.filter((row) => old.has(keyOf(row)));
  const judged = both.filter((row) =>
    [row, old.get(keyOf(row))].every(({ rounds }) => rounds >= FEWEST_ROUNDS),
  );
  return {
    rows: judged.flatMap((row) => movedRow(old.get(keyOf(row)), row)),
    goals: movedGoals(before.goals ?? {}, after.goals ?? {}),
    judged: judged.length,
    tooFew: both.length - judged.length,
    onlyBefore: before.rows.length - both.length,
    onlyAfter: after.rows.length - both.length,
    machines: otherMachine(before.machine, after.machine),
  };
}

function movedGoals(before, after) {
  return Object.entries(after).flatMap(([name, now]) => {
    const old = before[name];
    if (old === undefined || old.median === null || now.median === null) return [];
    if (Math.min(old.rounds, now.rounds) < FEWEST_ROUNDS) return [];
    const moved = movement(old, now, now.least !== undefined);
    if (moved === undefined) return [];
    const change = { field: 'ratio', before: old.median, after: now.median, shown };
    return [{ what: [name, '', ''], ...change, ...moved }];
  });
}

// Where numbers of two runs say nothing about each other.
const FACTS = ['cpu', 'processors', 'arch', 'kernel', 'node'];

const otherMachine = (before, after) =>
  FACTS.filter((fact) => before[fact] !== after[fact]).map(
    (fact) => `${fact}: ${before[fact]} before, ${after[fact]} now`,
  );

const counted = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** The comparison for people. */
export function comparisonText(compared) {
  const moved = [...compared.goals, ...compared.rows];
  const better = moved.filter((each) => each.better).length;
  const lines = [];
  if (compared.machines.length > 0) {
    lines.push(`not the same machine, so read with care: ${compared.machines.join('; ')}`);
  }
  const worse = moved.length - better;
  lines.push(
    `${counted(compared.judged, 'row')} compared: ` +
      `${counted(moved.length, 'number')} moved beyond the noise of both runs, ` +
      `${better} better, ${worse} worse`,
  );
  if (compared.tooFew > 0) {
    lines.push(
      `${counted(compared.tooFew, 'row')} of fewer than ${FEWEST_ROUNDS} rounds not judged`,
    );
  }
  const one = compared.onlyBefore + compared.onlyAfter;
  if (one > 0) {
    const [gone, added] = [compared.onlyBefore, compared.onlyAfter];
    lines.push(`${counted(one, 'row')} in one run only: ${gone} before, ${added} now`);
  }
  if (moved.length > 0) lines.push('', movedTable(moved));
  return lines.join('\n');
}

function movedTable(moved) {
  const head = ['what', 'impl', 'placement', 'number', 'before', 'now', 'times', 'verdict'];
  const lines = moved.map((each) => [
    ...each.what,
    each.field,
    each.shown(each.before),
    each.shown(each.after),
    each.times.toFixed(2),
    each.better ? 'better' : 'worse',
  ]);
  return table([head, ...lines], 4);
}
