// What became of the goals: of each round by itself, so that what slowed both sides of a ratio in it
// cancels out, and then the median of the rounds.
import { spread } from './statistics.mjs';

const FIELDS = ['case', 'variant', 'impl', 'placement'];

const numberOf = (round, number) => (typeof number === 'function' ? number(round) : round[number]);

/** The row that `choice` is about, the best of several by the median; undefined if there is none. */
function chosen(rows, choice) {
  const matching = rows.filter((row) =>
    FIELDS.every(
      (field) => choice[field] === undefined || [choice[field]].flat().includes(row[field]),
    ),
  );
  const median = (row) => spread(valuesOf(row, choice)).median;
  const sign = choice.best === 'most' ? -1 : 1;
  return matching.sort((a, b) => sign * (median(a) - median(b)))[0];
}

const valuesOf = ({ rounds }, { number }) => rounds.map((round) => numberOf(round, number));

const nameOf = ({ impl, placement }) => `${impl}, ${placement}`;

/** A goal's outcome; `median` is null where it was not measured. */
export function outcomeOf({ what, of, to, least, most }, rows) {
  const goal = { what, ...(least === undefined ? { most } : { least }) };
  const above = chosen(rows, of);
  const below = to === undefined ? undefined : chosen(rows, to);
  if (above === undefined || (to !== undefined && below === undefined)) {
    return { ...goal, median: null, min: null, max: null, met: null };
  }
  const divisors = below === undefined ? undefined : valuesOf(below, to);
  // One of them may have fewer: it failed, and was left out from then on.
  const values = valuesOf(above, of)
    .slice(0, divisors?.length)
    .map((value, round) => value / (divisors?.[round] ?? 1));
  const outcome = spread(values);
  return {
    ...goal,
    ...outcome,
    rounds: values.length,
    of: nameOf(above),
    ...(below === undefined ? {} : { to: nameOf(below) }),
    met: least === undefined ? outcome.median <= most : outcome.median >= least,
  };
}

/** The outcomes of goals, by their names. */
export const outcomesOf = (goals, rows) =>
  Object.fromEntries(Object.entries(goals).map(([name, goal]) => [name, outcomeOf(goal, rows)]));

/** The outcomes as plain numbers, by their names; null is one that was not measured. */
export const ratiosOf = (outcomes) =>
  Object.fromEntries(Object.entries(outcomes).map(([name, { median }]) => [name, median]));
