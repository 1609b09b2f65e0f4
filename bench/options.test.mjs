import { describe, expect, it } from 'vitest';
import { CASES } from './cases/index.mjs';
import { HELP, parseOptions } from './options.mjs';

const wrong = (...args) => {
  try {
    parseOptions(args);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return error.message;
  }
  throw new Error('the options were taken');
};

describe('parseOptions', () => {
  it('measures everything by default', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ quick: false, json: undefined, rounds: undefined });
    expect(options.case).toEqual(CASES.map(({ name }) => name));
    expect(options.impl).toContain('native');
    expect(options.placement).toEqual(['free', 'split', 'one']);
  });

  it('takes values after a space and after =', () => {
    expect(parseOptions(['--quick', '--json', 'a=b.json', '--rounds=7'])).toMatchObject({
      quick: true,
      json: 'a=b.json',
      rounds: 7,
    });
    expect(parseOptions(['--json=a=b.json']).json).toBe('a=b.json');
  });

  it('keeps the order of the cases, however they are named', () => {
    expect(parseOptions(['--case', 'dispatch,syncCall']).case).toEqual(['syncCall', 'dispatch']);
  });

  it('names the option, what it takes and what it got', () => {
    expect(wrong('--impl', 'native,zmq')).toMatch(/^--impl must be of native, classic.*got "zmq"$/);
    expect(wrong('--case')).toBe('--case needs a value');
    expect(wrong('--json=')).toBe('--json needs a value');
    expect(wrong('--rounds', '0')).toContain('from 1 to 1000, got "0"');
    expect(wrong('--rounds', '2.5')).toContain('got "2.5"');
    expect(wrong('--quick=1')).toBe('--quick takes no value');
    expect(wrong('--slow')).toContain('unknown option "--slow"');
    expect(wrong('quick')).toContain('unknown option "quick"');
  });

  it('has help for every option', () => {
    for (const option of ['quick', 'json', 'case', 'impl', 'placement', 'rounds', 'help']) {
      expect(HELP).toContain(`--${option}`);
    }
  });
});
