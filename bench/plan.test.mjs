import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.mjs';
import { planOf, roundsOf } from './plan.mjs';

const plan = (allowed, ...args) =>
  planOf(parseOptions(args), allowed).map(({ case: { name }, variant, impl, placement }) =>
    [name, variant, impl.name, placement].join(),
  );

describe('planOf', () => {
  it('has the implementations of a case and a placement side by side', () => {
    expect(plan([0, 1], '--case', 'syncCall', '--impl', 'native,sem')).toEqual([
      'syncCall,,native,free',
      'syncCall,,sem,free',
      'syncCall,,native,split',
      'syncCall,,sem,split',
      'syncCall,,native,one',
      'syncCall,,sem,one',
    ]);
  });

  it('asks nobody for what he cannot do', () => {
    expect(plan([0, 1], '--case', 'dispatch', '--impl', 'sem')).toEqual([]);
    expect(plan([0, 1], '--case', 'wake', '--impl', 'spin')).toEqual([]);
  });

  it('leaves out what needs more CPUs than there are', () => {
    const placed = plan([0], '--case', 'syncCall', '--impl', 'sem');
    expect(placed).toEqual(['syncCall,,sem,free', 'syncCall,,sem,one']);
  });

  it('hands on what a variant asks, with the effort', () => {
    const args = ['--quick', '--case', 'pipelined', '--impl', 'native', '--placement', 'free'];
    const [first] = planOf(parseOptions(args), [0, 1]);
    expect(first).toMatchObject({ variant: '1 in flight', payload: 64, options: { inFlight: 1 } });
    expect(first.options.ms).toBeGreaterThan(0);
  });
});

describe('roundsOf', () => {
  it('is five in quick, or what the case says, or what the command line says', () => {
    const quick = parseOptions(['--quick']);
    expect(roundsOf({}, quick)).toBe(5);
    expect(roundsOf({ rounds: { quick: 1, full: 3 } }, quick)).toBe(1);
    expect(roundsOf({ rounds: { quick: 1, full: 3 } }, parseOptions(['--rounds', '2']))).toBe(2);
  });
});
