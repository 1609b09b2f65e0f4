// From what was measured in each round to a row for people and for JSON.
import { spread } from './statistics.mjs';

/** What is told of every measurement, as far as it makes sense. */
export const NUMBERS = [
  ...['p50Ns', 'p90Ns', 'p99Ns', 'p999Ns', 'maxNs'],
  ...['perSecond', 'cpuNsPerOp'],
];

/** What makes a row another one. */
export const keyOf = (row) => [row.case, row.variant, row.impl, row.placement].join();

/** The rows of a run, each with the numbers of all its rounds, in the order they first came in. */
export class Rows {
  #rows = new Map();

  /** Adds what `measurement` gave in one round: an object, or a list of them with variants. */
  add({ case: { name, senseless = [] }, variant, impl, placement, payload }, result) {
    for (const { variant: own = variant, ...numbers } of [result].flat()) {
      for (const each of senseless) numbers[each] = null;
      const row = { case: name, variant: own, impl: impl.name, placement, payload };
      const key = keyOf(row);
      if (!this.#rows.has(key)) this.#rows.set(key, { ...row, rounds: [] });
      this.#rows.get(key).rounds.push(numbers);
    }
  }

  list() {
    return [...this.#rows.values()];
  }
}

/** What is told of a number over the rounds; null where it makes no sense. */
function told(rounds, of) {
  const values = rounds.map(of);
  return values.some((value) => value === null || value === undefined) ? null : spread(values);
}

/** The row as it is written: medians, and how p50 and rate were spread over the rounds. */
export function summaryOf({ rounds, ...row }) {
  const spreads = NUMBERS.map((name) => [name, told(rounds, (each) => each[name])]);
  return {
    ...row,
    ...Object.fromEntries(spreads.map(([name, value]) => [name, value?.median ?? null])),
    rounds: rounds.length,
    spread: Object.fromEntries(spreads.filter(([, value]) => value !== null)),
    more: moreOf(rounds),
  };
}

// What only one case has: numbers in objects, of any depth.
function moreOf(rounds) {
  const middle = (values) =>
    typeof values[0] === 'number'
      ? spread(values).median
      : Object.fromEntries(
          Object.keys(values[0]).map((name) => [name, middle(values.map((each) => each[name]))]),
        );
  return rounds[0].more === undefined ? null : middle(rounds.map(({ more }) => more));
}
