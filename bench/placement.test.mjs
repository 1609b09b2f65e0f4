import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { allowedCpus, cpuList, cpusOf } from './placement.mjs';

describe('cpuList', () => {
  it('reads ranges and single numbers', () => {
    expect(cpuList('0')).toEqual([0]);
    expect(cpuList('0-2,5,8-9')).toEqual([0, 1, 2, 5, 8, 9]);
  });

  it('refuses another text', () => {
    expect(() => cpuList('ff')).toThrow('not a list of CPUs: "ff"');
  });
});

describe('allowedCpus', () => {
  it('reads this machine', () => {
    expect(allowedCpus().length).toBeGreaterThanOrEqual(availableParallelism());
  });
});

describe('cpusOf', () => {
  it('takes the CPUs that there are', () => {
    expect(cpusOf('free', [3])).toEqual({ caller: undefined, server: undefined });
    expect(cpusOf('split', [3, 5])).toEqual({ caller: 3, server: 5 });
    expect(cpusOf('one', [3, 5])).toEqual({ caller: 3, server: 3 });
  });

  it('cannot split one', () => {
    expect(cpusOf('split', [3])).toBeUndefined();
  });
});
