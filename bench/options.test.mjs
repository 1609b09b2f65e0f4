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
    expect(options).toMatchObject({ quick: false, installPeers: false, named: [] });
    expect([options.json, options.rounds, options.compare]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
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

  it('knows which lists were named', () => {
    expect(parseOptions(['--case', 'zcb', '--quick']).named).toEqual(['case']);
  });

  it('compares with one run, or two with each other', () => {
    expect(parseOptions(['--compare', 'a', '--json', 'b'])).toMatchObject({
      compare: ['a'],
      json: 'b',
    });
    expect(parseOptions(['--compare', 'a', 'b']).compare).toEqual(['a', 'b']);
    expect(parseOptions(['--compare=a', 'b']).compare).toEqual(['a', 'b']);
    expect(wrong('--compare', 'a', 'b', '--quick')).toContain('can be no --quick');
    expect(wrong('--compare', 'a', 'b', 'c')).toContain('unknown option "c"');
    expect(wrong('--compare', '--quick')).toBe('--compare needs a value');
  });

  it('names the option, what it takes and what it got', () => {
    expect(wrong('--impl', 'native,carrier')).toMatch(
      /^--impl must be of native, classic.*got "carrier"$/,
    );
    expect(wrong('--case')).toBe('--case needs a value');
    expect(wrong('--json=')).toBe('--json needs a value');
    expect(wrong('--rounds', '0')).toContain('from 1 to 1000, got "0"');
    expect(wrong('--rounds', '2.5')).toContain('got "2.5"');
    expect(wrong('--quick=1')).toBe('--quick takes no value');
    expect(wrong('--slow')).toContain('unknown option "--slow"');
    expect(wrong('quick')).toContain('unknown option "quick"');
  });

  it('has help for every option', () => {
    const choices = ['case', 'impl', 'placement', 'rounds'];
    const others = ['quick', 'json', 'report', 'compare', 'install-peers', 'help'];
    for (const option of [...choices, ...others]) expect(HELP).toContain(`--${option}`);
    for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(HELP).toContain('adapters\n');
  });
});
