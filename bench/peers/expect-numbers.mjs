// What is expected of the numbers that a program in C++ prints, for tests.
import { expect } from 'vitest';

const positive = (numbers, names) => {
  for (const name of names) expect(numbers[name], name).toBeGreaterThan(0);
};

/** Times of calls: percentiles in their order, a rate and a price. */
export function expectTimes(numbers) {
  const order = ['p50Ns', 'p90Ns', 'p99Ns', 'p999Ns', 'maxNs'];
  expect(Object.keys(numbers)).toEqual([...order, 'perSecond', 'cpuNsPerOp']);
  positive(numbers, Object.keys(numbers));
  const values = order.map((name) => numbers[name]);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
}

/** Messages that go one way: a rate and a price. */
export function expectRate(numbers) {
  expect(Object.keys(numbers)).toEqual(['perSecond', 'cpuNsPerOp']);
  positive(numbers, Object.keys(numbers));
}
