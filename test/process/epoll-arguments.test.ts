// Wrong arguments of every kind to every public function of the epoll adapter, and to its addon: a
// clear error, never a crash.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { returned } from './returned.js';

const ARGUMENTS = fileURLToPath(new URL('./fixtures/epoll-arguments.mjs', import.meta.url));

interface Report {
  readonly calls: number;
  readonly native: number;
  readonly accepted: Readonly<Record<string, readonly string[]>>;
  readonly unclear: readonly string[];
  readonly forgotten: readonly string[];
  readonly alive: boolean;
}

const FUNCTIONS = ['a Proxy of a function that throws', 'a class', 'a function'].concat(
  'a function that throws',
);
const ZERO = ['-0', '0'];
// What has no member that is not an option.
const OBJECTS = [
  ...['a Date', 'a Map', 'a Promise', 'a SharedArrayBuffer', 'an ArrayBuffer'],
  ...['an aborted signal', 'an empty object', 'an object without a prototype', 'undefined'],
];

const RIGHT_OF_ADAPTERS = Object.fromEntries(
  ['EpollLoop', 'epollPoll()'].flatMap((name) => [
    // The one that the process begins with is a pipe.
    [`${name}.pollAcceptAdd(fd)`, ZERO],
    [`${name}.pollAcceptAdd(onReady)`, FUNCTIONS],
    [`${name}.pollDispatchAdd(fd)`, ZERO],
    [`${name}.pollDispatchAdd(onReady)`, FUNCTIONS],
    [`${name}.pollJobAdd(job)`, FUNCTIONS],
  ]),
);

/** What is right after all, function by function; nothing for all others. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  ...RIGHT_OF_ADAPTERS,
  'epollPoll(host)': ['undefined'],
  'EpollLoop.add(fd)': ZERO,
  'EpollLoop.add(events)': ZERO,
  'EpollLoop.add(callback)': FUNCTIONS,
  'EpollLoop.timer(options.afterMs)': [...ZERO, '1.5'],
  'EpollLoop.timer(options.everyMs)': ['1.5', 'undefined'],
  'EpollLoop.timer(callback)': FUNCTIONS,
  'EpollLoop.signal(callback)': FUNCTIONS,
  'EpollLoop.run(options)': OBJECTS,
  'EpollLoop.run(options.hostEveryMs)': [...ZERO, 'undefined'],
  'EpollLoop.runOnce(timeoutMs)': ['-0', '-1', '0', 'undefined'],
  'EpollLoop.runOnce(budget)': ['undefined'],
  'EpollLoop.stop(id)(id)': [...ZERO, '2**31', '2**32'],
  'EpollTimer.set(options.afterMs)': [...ZERO, '1.5'],
  'EpollTimer.set(options.everyMs)': ['1.5', 'undefined'],
  'handle.modify(events)': ZERO,
};

it('wrong arguments to every function are refused clearly, and the library lives on', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [ARGUMENTS]);
  const report = JSON.parse(stdout) as Report;
  expect(stderr).toBe('');
  expect(report.unclear).toEqual([]);
  expect(report.forgotten).toEqual([]);
  expect(report.alive).toBe(true);
  expect(report.calls).toBeGreaterThan(1500);
  expect(report.native).toBeGreaterThan(5000);
  const accepted = Object.entries(report.accepted).map(([where, labels]) => [
    where,
    [...labels].sort(),
  ]);
  expect(Object.fromEntries(accepted)).toEqual(RIGHT);
});

it('signals that no loop can take over are refused by name and number', async () => {
  const told = await returned(({ EpollLoop }) => {
    const { constants } = process.getBuiltinModule('node:os');
    const loop = new EpollLoop();
    const names = ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'];
    const refused = [...names, 'SIGSYS', 'SIGABRT', 'SIGIOT', 'SIGCHLD', 32, 33] as const;
    return refused.map((signal) => {
      try {
        loop.signal(signal as NodeJS.Signals, () => {});
        return `${signal} was taken`;
      } catch (error) {
        const number = typeof signal === 'number' ? signal : constants.signals[signal as 'SIGHUP'];
        const { name, message } = error as Error;
        const clear = message.startsWith('signal must') && message.endsWith(`, got ${number}`);
        return name === 'RangeError' && clear ? 'refused' : message;
      }
    });
  });
  expect(told).toEqual(Array(13).fill('refused'));
});
