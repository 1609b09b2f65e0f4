// The suite finds what it is for: over adapters with one fault each it fails on the rule that the
// fault breaks, and over those that are only unusual on none.

import { describe, expect, test } from 'vitest';
import { faults, oddities } from './faulty/faults.mjs';
import { hostFaults } from './faulty/host-faults.mjs';
import { runScript } from './run-script.mjs';

interface Verdict {
  readonly tests: number;
  readonly failed: readonly { readonly title: string; readonly message: string }[];
}

async function tryFault(name: string): Promise<Verdict> {
  const { exitCode, output } = await runScript('faulty/try.mjs', name);
  expect(exitCode, output).toBe(0);
  return JSON.parse(output) as Verdict;
}

const ruleOf = (title: string): number => Number(/: rule (\d+): /.exec(title)?.[1]);

describe.concurrent('a fault', () => {
  const all = Object.entries({ ...faults, ...hostFaults });
  test.each(all)('%s', async (name, { rule, also = [] }) => {
    const { tests, failed } = await tryFault(name);
    expect(tests).toBeGreaterThan(50);
    const rules = new Set(failed.map(({ title }) => ruleOf(title)));
    expect(rules).toContain(rule);
    const others = [...rules].filter((each) => each !== rule && !also.includes(each));
    expect(others, JSON.stringify(failed, null, 1)).toEqual([]);
  });
});

describe.concurrent('what is only unusual passes', () => {
  test.each(Object.keys(oddities))('%s', async (name) => {
    const { tests, failed } = await tryFault(name);
    expect(tests).toBeGreaterThan(50);
    expect(failed).toEqual([]);
  });
});

test('every rule that an adapter can break has its fault', () => {
  const broken = new Set(Object.values({ ...faults, ...hostFaults }).map(({ rule }) => rule));
  // Rule 3 is a permission.
  expect([...broken].sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
