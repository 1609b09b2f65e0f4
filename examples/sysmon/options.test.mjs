import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.mjs';

const DEFAULTS = {
  seconds: 10,
  adapter: 'libuv',
  wire: 'native',
  runtimes: {},
  json: false,
  help: false,
};

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual(DEFAULTS);
  });

  it('takes what is given', () => {
    const all = { ...DEFAULTS, seconds: 2.5, adapter: 'epoll', json: true };
    expect(parseOptions(['--seconds', '2.5', '--adapter', 'epoll', '--json'])).toEqual(all);
    expect(parseOptions(['--json', '--adapter=epoll', '--seconds=2.5'])).toEqual(all);
    expect(parseOptions(['--wire', 'classic'])).toEqual({ ...DEFAULTS, wire: 'classic' });
    expect(parseOptions(['--wire=native']).wire).toBe('native');
    expect(parseOptions(['-h']).help).toBe(true);
    expect(parseOptions(['--help']).help).toBe(true);
  });

  it('takes a runtime for each client', () => {
    const { runtimes } = parseOptions([
      '--runtime',
      'caller=bun',
      '--runtime=subscriber=/a=b/deno',
    ]);
    expect(runtimes).toEqual({ caller: 'bun', subscriber: '/a=b/deno' });
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
    ['--wire', '--wire must be one of native, classic, got nothing'],
    ['--wire=', 'got ""'],
    ['--wire=classic 1.4', 'got "classic 1.4"'],
    ['--runtime', 'got nothing'],
    ['--runtime=server=bun', '--runtime must be subscriber or caller, = and a program'],
    ['--runtime=caller=', 'got "caller="'],
    ['--json=yes', '--json takes no value, got "yes"'],
    ['--secs', 'unknown option "--secs"'],
    ['10', 'unknown option "10"'],
  ])('refuses %s', (argument, message) => {
    expect(() => parseOptions([argument])).toThrow(message);
    expect(() => parseOptions([argument])).toThrow(RangeError);
  });
});
