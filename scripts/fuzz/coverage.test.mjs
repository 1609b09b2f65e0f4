import { describe, expect, it } from 'vitest';
import { coverageOf } from './coverage.mjs';

const TEXT = `INFO: Running with entropic power schedule
#63	INITED cov: 2282 ft: 3848 corp: 44/130b exec/s: 63 rss: 89Mb
#800	NEW    cov: 2290 ft: 4000 corp: 45/140b lim: 4 exec/s: 63 rss: 89Mb L: 9/9 MS: 1 CopyPart-
#1265	DONE   cov: 2291 ft: 4002 corp: 46/150b lim: 4 exec/s: 63 rss: 89Mb
stat::number_of_executed_units: 1265
`;

describe('what a fuzzer says of its run', () => {
  it('is what it said last', () => {
    expect(coverageOf(TEXT)).toEqual({ executions: 1265, covered: 2291, features: 4002 });
  });

  it('is nothing when it ran nothing', () => {
    expect(coverageOf('clang is missing')).toEqual({ executions: 0, covered: 0, features: 0 });
  });
});
