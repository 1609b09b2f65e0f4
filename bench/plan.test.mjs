import { describe, expect, it } from 'vitest';
import { CASES } from './cases/index.mjs';
import { GOALS } from './goals.mjs';
import { IMPLS } from './impls/index.mjs';
import { parseOptions } from './options.mjs';
import { planOf } from './plan.mjs';

const measurements = (allowed, ...args) => planOf(parseOptions(args), allowed);
const plan = (allowed, ...args) =>
  measurements(allowed, ...args).map(({ case: { name }, variant, impl, placement }) =>
    [name, variant, impl.name, placement].join(),
  );

describe('planOf', () => {
  it('has the implementations of a case and a placement side by side', () => {
    expect(plan([0, 1], '--case', 'wake', '--impl', 'native,sem')).toEqual([
      'wake,,native,free',
      'wake,,sem,free',
      'wake,,native,split',
      'wake,,sem,split',
      'wake,,native,one',
      'wake,,sem,one',
    ]);
  });

  it('has no implementation twice', () => {
    const names = IMPLS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('asks nobody for what he cannot do', () => {
    expect(plan([0, 1], '--case', 'dispatch', '--impl', 'sem')).toEqual([]);
    expect(plan([0, 1], '--case', 'zcb', '--impl', 'classic')).toEqual([]);
  });

  it('asks us alone where others have nothing of the kind', () => {
    const forms = measurements([0, 1], '--case', 'dispatch')
      .filter(({ options: { form } }) => form === 'rxjs')
      .map(({ impl }) => impl.name);
    expect([...new Set(forms)]).toEqual(['native', 'classic']);
  });

  it('leaves out what needs more CPUs than there are', () => {
    const placed = plan([0], '--case', 'wake', '--impl', 'sem');
    expect(placed).toEqual(['wake,,sem,free', 'wake,,sem,one']);
  });

  it('measures a variant where it says, or where the command line says', () => {
    const args = ['--case', 'syncCall', '--impl', 'native'];
    const at = (...more) => plan([0, 1], ...args, ...more).filter((key) => key.includes(',4 KiB'));
    expect(at()).toEqual(['syncCall,4 KiB,native,split']);
    expect(at('--placement', 'one')).toEqual(['syncCall,4 KiB,native,one']);
  });

  it('hands on what a variant asks, with the effort', () => {
    const args = ['--case', 'pipelined', '--impl', 'native', '--placement', 'split'];
    const [quick] = measurements([0, 1], '--quick', ...args);
    const [full] = measurements([0, 1], ...args);
    expect(quick).toMatchObject({ variant: '1 in flight', payload: 64, options: { inFlight: 1 } });
    expect(quick.options.payload).toBe(64);
    expect(quick.options).not.toHaveProperty('variant');
    expect(quick.options.ms).toBeGreaterThan(0);
    expect(full.options.ms).toBeGreaterThan(quick.options.ms);
  });

  it('has five rounds, or fewer in quick where no ratio is made of it, or as many as were asked', () => {
    const rounds = (...args) => new Set(measurements([0, 1], ...args).map((each) => each.rounds));
    expect(rounds()).toEqual(new Set([5]));
    expect(rounds('--quick')).toEqual(new Set([5, 1]));
    expect(rounds('--quick', '--case', 'paced')).toEqual(new Set([5]));
    expect(rounds('--quick', '--rounds', '2')).toEqual(new Set([2]));
  });

  it('measures in quick, in five rounds, both sides of every ratio', () => {
    const quick = measurements([0, 1], '--quick').filter(({ rounds }) => rounds === 5);
    const known = IMPLS.map(({ name }) => name);
    const sides = Object.values(GOALS)
      .flatMap(({ of, to }) => [of, to ?? of])
      .flatMap(({ impl, ...side }) => [impl].flat().map((name) => ({ ...side, impl: name })))
      .filter(({ impl }) => known.includes(impl));
    for (const { case: name, variant, impl, placement = placementsOf(name) } of sides) {
      for (const place of [placement].flat()) {
        const found = quick.some(
          (each) =>
            each.case.name === name &&
            (variant === undefined || each.variant === variant) &&
            each.impl.name === impl &&
            each.placement === place,
        );
        expect({ name, variant, impl, place, found }).toMatchObject({ found: true });
      }
    }
  });
});

const placementsOf = (name) => CASES.find((each) => each.name === name).placements;
