// The system monitor: a server, a subscriber and a caller, each a process of its own, which speak
// over shared memory. This process starts them, ends them, and reports what they measured.
//
//   node examples/sysmon/main.mjs [--seconds N] [--adapter NAME] [--wire NAME]
//       [--runtime ROLE=PROGRAM] [--json] [--help]

import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.mjs';
import { HELP, parseOptions } from './options.mjs';
import { documentOf, failuresOf, summaryOf } from './report.mjs';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** @param {import('./options.mjs').Options} options */
async function run({ seconds, adapter, wire, runtimes, json }) {
  const socket = `coroipc-sysmon-${process.pid}-${randomBytes(4).toString('hex')}`;
  /** @type {Child[]} */
  const children = [];
  const end = new AbortController();
  /** @type {NodeJS.Signals | undefined} */
  let interrupted;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!end.signal.aborted) interrupted = signal;
      end.abort();
    });
  }

  /**
   * Starts a child; when it ends, everything does.
   * @param {string} role
   * @param {string[]} args
   * @param {{ module?: string, figures?: (figures: Record<string, any>) => void }} [more]
   */
  const start = (role, args, more) => {
    const program = runtimes[role];
    const its = program !== undefined && adapter === 'libuv' ? 'epoll' : adapter;
    const child = new Child(role, [socket, its, wire, ...args], {
      quiet: json,
      ...(program && { program }),
      ...more,
    });
    children.push(child);
    child.ended.then(() => end.abort());
    return child;
  };

  /** @type {string[]} */
  const failures = [];
  /** @type {Child | undefined} */
  let subscriber;
  /** @type {Child | undefined} */
  let caller;
  let startedAt = Number.NaN;
  const server = start('server', []);
  try {
    await unless(end.signal, server.ready);
    subscriber = start('subscriber', [String(seconds), json ? 'quiet' : 'show'], {
      module: adapter === 'rxjs' ? 'subscriber-rxjs' : 'subscriber',
    });
    caller = start('caller', [], { figures: (calls) => subscriber?.send({ calls }) });
    await unless(end.signal, Promise.all([subscriber.ready, caller.ready]));
    startedAt = performance.now();
    caller.send({ go: true });
    await unless(end.signal, sleep(seconds * 1000, undefined, { signal: end.signal }));
  } catch (error) {
    if (!end.signal.aborted) failures.push(error instanceof Error ? error.message : String(error));
  }
  const elapsed = Number.isNaN(startedAt) ? 0 : (performance.now() - startedAt) / 1000;

  // The clients go first: a server that goes before them is an error to them.
  await Promise.all([subscriber?.stop(), caller?.stop()]);
  await server.stop();
  failures.push(...failuresOf(children));
  return {
    failures,
    interrupted,
    document: documentOf({
      adapter,
      wire,
      seconds: elapsed,
      interrupted,
      failures,
      server,
      subscriber,
      caller,
    }),
  };
}

/**
 * What `promise` comes to, unless the signal aborts first: then it rejects.
 * @template Result
 * @param {AbortSignal} signal
 * @param {Promise<Result>} promise
 * @returns {Promise<Result>}
 */
function unless(signal, promise) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Error('stopped'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** @param {import('./options.mjs').Options} options */
async function main(options) {
  // A reader that has gone is no reason for a stack trace.
  process.stdout.on('error', () => {
    process.exitCode = 1;
  });
  const { document, failures, interrupted } = await run(options);
  // The subscriber may have been killed while it hid the terminal's cursor.
  if (process.stdout.isTTY && !options.json) process.stdout.write('\x1b[?25h');
  if (options.json) process.stdout.write(`${JSON.stringify(document)}\n`);
  else process.stdout.write(`\n${summaryOf(document).join('\n')}\n`);
  if (failures[0] !== undefined) process.stderr.write(`sysmon: ${failures[0]}\n`);
  if (document.errors > 0) process.exitCode = 1;
  else if (interrupted !== undefined) process.exitCode = 128 + constants.signals[interrupted];
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else await main(options);
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`sysmon: ${error.message}\n`);
  process.exitCode = 2;
}
