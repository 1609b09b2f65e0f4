import { describe, expect, it } from 'vitest';
import { checkWires } from './wires.js';

describe('the wires of a server', () => {
  it('are the native one alone, unless it says so', () => {
    expect(checkWires('wires', undefined)).toEqual(['native']);
    expect(checkWires('wires', ['native', 'classic'])).toEqual(['native', 'classic']);
  });

  it.each([
    ['none', []],
    ['more than there are', ['native', 'classic', 'native']],
    ['a hole', new Array(1)],
    ['another name', ['NATIVE']],
    ['no name', [1]],
    ['no array', 'native'],
  ])('are refused by the name of the argument: %s', (_what, value) => {
    expect(() => checkWires('wires', value)).toThrow(/wires.* must /);
  });

  it('are not counted one by one where there are far too many', () => {
    expect(() => checkWires('wires', new Array(2 ** 32 - 1))).toThrow(/got 4294967295$/);
  });
});
