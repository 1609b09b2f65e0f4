import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.mjs';

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({ seconds: 10, adapter: 'libuv', json: false, help: false });
  });

  it('takes what is given', () => {
    const all = { seconds: 2.5, adapter: 'epoll', json: true, help: false };
    expect(parseOptions(['--seconds', '2.5', '--adapter', 'epoll', '--json'])).toEqual(all);
    expect(parseOptions(['--json', '--adapter=epoll', '--seconds=2.5'])).toEqual(all);
    expect(parseOptions(['-h']).help).toBe(true);
    expect(parseOptions(['--help']).help).toBe(true);
  });

  it.each([
    ['--seconds', 'got nothing'],
    ['--seconds=', '--seconds must be a number above 0 and up to 86400, got ""'],
    ['--seconds=0', 'got "0"'],
    ['--seconds=-1', 'got "-1"'],
    ['--seconds=1e3', 'got "1e3"'],
    ['--seconds=86401', 'got "86401"'],
    ['--seconds=ten', 'got "ten"'],
    ['--adapter', 'got nothing'],
    ['--adapter=kqueue', 'epoll'],
    ['--adapter=toString', 'got "toString"'],
    ['--json=yes', '--json takes no value, got "yes"'],
    ['--secs', 'unknown option "--secs"'],
    ['10', 'unknown option "10"'],
  ])('refuses %s', (argument, message) => {
    expect(() => parseOptions([argument])).toThrow(message);
    expect(() => parseOptions([argument])).toThrow(RangeError);
  });
});
