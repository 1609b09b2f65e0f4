// examples/sysmon as people run it: four processes, real memory, and no trace of them afterwards.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoneLeft, sharedFiles } from './machine.js';

const MAIN = fileURLToPath(new URL('../../examples/sysmon/main.mjs', import.meta.url));
const ROLES = ['server', 'subscriber', 'caller'];
const ADAPTERS = ['libuv', 'epoll', 'rxjs', 'custom'];
const GENEROUS_MS = 60_000;

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + GENEROUS_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

/** The command lines of the processes that live (a zombie has none), by process id. */
function commandLines(): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.length > 1) found.set(Number(pid), words);
    } catch {
      // It ended since the directory was read.
    }
  }
  return found;
}

/** One run of main.mjs, in a process group of its own. */
class Run {
  out = '';
  errors = '';
  readonly main: ChildProcess;
  /** The end of main.mjs, and of whoever else held its output. */
  readonly ended: Promise<unknown>;
  /** The end of main.mjs alone. */
  readonly exited: Promise<unknown>;

  constructor(...args: string[]) {
    this.main = spawn(process.execPath, [MAIN, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.main.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.main.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = once(this.main, 'close');
    this.exited = once(this.main, 'exit');
  }

  get pid(): number {
    return this.main.pid ?? Number.NaN;
  }

  get outcome(): number | NodeJS.Signals | null {
    return this.main.signalCode ?? this.main.exitCode;
  }

  /** The children, by what they are: their socket's name holds the process id of their parent. */
  children(): Map<string, number> {
    const socket = `coroipc-sysmon-${this.pid}-`;
    const found = new Map<string, number>();
    for (const [pid, [, script = '', name = '']] of commandLines()) {
      const role = ROLES.find((candidate) => script.includes(`/sysmon/${candidate}`));
      if (role !== undefined && name.startsWith(socket)) found.set(role, pid);
    }
    return found;
  }

  child(role: string): number {
    const pid = this.children().get(role);
    if (pid === undefined) throw new Error(`there is no ${role} process`);
    return pid;
  }

  /** Until the calls and the stream show: a line a second, when there is no terminal. */
  async inFullSwing(): Promise<void> {
    await until('traffic', () => / [1-9]\d* dispatches \| [1-9]\d* calls/.test(this.out));
    expect([...this.children().keys()].sort()).toEqual([...ROLES].sort());
  }

  async allGone(): Promise<void> {
    await until('the end of all processes', () => this.children().size === 0);
    expect(commandLines().has(this.pid)).toBe(false);
  }
}

let runs: Run[] = [];
let filesBefore: string[] = [];

function start(...args: string[]): Run {
  const run = new Run(...args);
  runs.push(run);
  return run;
}

beforeEach(() => {
  runs = [];
  filesBefore = sharedFiles();
});

afterEach(async () => {
  // Whatever a test that failed left behind.
  for (const run of runs) {
    for (const pid of [run.pid, ...run.children().values()]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    await run.ended;
    await run.allGone();
  }
  await expectNoneLeft(filesBefore);
});

describe('a whole run', () => {
  it.each(ADAPTERS)('on %s prints one document with --json, and nothing else', async (adapter) => {
    const run = start('--seconds', '2', '--json', '--adapter', adapter);
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.outcome).toBe(0);
    const document = JSON.parse(run.out);
    expect(document).toMatchObject({
      adapter,
      wire: 'native',
      errors: 0,
      node: process.version,
      cpus: expect.any(Number),
    });
    expect(document).not.toHaveProperty('errorMessages');
    expect(document).not.toHaveProperty('interrupted');
    expect(document.seconds).toBeGreaterThanOrEqual(2);
    for (const figure of [
      'calls',
      'callsPerSecond',
      'callP50Us',
      'callP99Us',
      'dispatches',
      'dispatchesPerSecond',
      'dispatchP50Us',
      'dispatchP99Us',
    ]) {
      expect(document[figure], figure).toBeGreaterThan(0);
    }
    expect(document.callP99Us).toBeGreaterThanOrEqual(document.callP50Us);
    // Two processes counted the calls, each for itself.
    expect(document.requestsServed).toBe(document.calls);
    const { echo, file, process: state } = document.callsByCommand;
    expect(echo.calls + file.calls + state.calls).toBe(document.calls);
    expect(Math.min(echo.calls, file.calls, state.calls)).toBeGreaterThan(0);
    await run.allGone();
  });

  it.each(ADAPTERS)('on %s prints plain lines where there is no terminal', async (adapter) => {
    const run = start('--seconds=2.5', `--adapter=${adapter}`);
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.outcome).toBe(0);
    // No escape sequence, no line drawn over.
    expect(run.out).toMatch(/^[\n\x20-\x7e]*$/);
    expect(run.out).toMatch(/^\d\.\d s \| cpu +\d+ % .* \| mem .* \| .* dispatches \| .* calls/m);
    expect(run.out).toMatch(/^calls +[\d,]+ \([\d,]+\/s\), p50 [\d.]+ us, p99 [\d.]+ us$/m);
    expect(run.out).toMatch(/^errors +0$/m);
    expect(run.out).toContain(` s over shared memory (${adapter}, native wire)\n`);
    await run.allGone();
  });

  it.each([
    ['native', '/memfd:coroipc', '/dev/shm/'],
    ['classic', '/dev/shm/', '/memfd:coroipc'],
  ])('on the %s wire shares the memory of that wire', async (wire, memory, other) => {
    const run = start('--seconds', '600', '--wire', wire);
    await run.inFullSwing();
    for (const [role, pid] of run.children()) {
      const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
      expect(maps, role).toContain(memory);
      expect(maps, role).not.toContain(other);
    }
    process.kill(run.pid, 'SIGINT');
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.out).toContain(`(libuv, ${wire} wire), ended by SIGINT\n`);
    await run.allGone();
  });

  it('does not disturb another', async () => {
    const both = [start('--seconds', '1', '--json'), start('--seconds', '1', '--json')];
    for (const run of both) {
      await run.ended;
      expect(run.errors).toBe('');
      expect(JSON.parse(run.out).errors).toBe(0);
    }
  });
});

describe('an interruption', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends all processes, and reports', async (signal, code) => {
    const run = start('--seconds', '600');
    await run.inFullSwing();
    process.kill(run.pid, signal);
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.outcome).toBe(code);
    expect(run.out).toContain(`, ended by ${signal}\n`);
    expect(run.out).toMatch(/^errors +0$/m);
    await run.allGone();
  });

  it('by Ctrl-C, which every process gets, is the same', async () => {
    const run = start('--seconds', '600');
    await run.inFullSwing();
    process.kill(-run.pid, 'SIGINT');
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.outcome).toBe(130);
    expect(run.out).toMatch(/^errors +0$/m);
    await run.allGone();
  });

  it('before anything is ready ends it as well', async () => {
    const run = start('--seconds', '600', '--json');
    await until('the server process', () => run.children().has('server'));
    process.kill(run.pid, 'SIGINT');
    await run.ended;
    expect(run.errors).toBe('');
    expect(run.outcome).toBe(130);
    expect(JSON.parse(run.out)).toMatchObject({ interrupted: 'SIGINT', errors: 0 });
    await run.allGone();
  });
});

describe('a death', () => {
  it.each(ROLES.flatMap((role) => ADAPTERS.map((adapter) => [role, adapter] as const)))(
    'of the %s process on %s ends all, with a line that says so',
    async (role, adapter) => {
      const run = start('--seconds', '600', '--adapter', adapter);
      await run.inFullSwing();
      process.kill(run.child(role), 'SIGKILL');
      await run.ended;
      expect(run.outcome).toBe(1);
      expect(run.errors).toBe(`sysmon: the ${role} process was killed by SIGKILL\n`);
      expect(run.out).toMatch(/^errors +[1-9]/m);
      await run.allGone();
    },
  );

  it('of the parent ends the children', async () => {
    const run = start('--seconds', '600');
    await run.inFullSwing();
    process.kill(run.pid, 'SIGKILL');
    await run.exited;
    expect(run.outcome).toBe('SIGKILL');
    await run.allGone();
  });

  it('of the reader of its output is an error, and no stack trace', async () => {
    const run = start('--seconds', '600');
    await run.inFullSwing();
    run.main.stdout?.destroy();
    await run.ended;
    expect(run.outcome).toBe(1);
    expect(run.errors).toBe(
      'sysmon: the subscriber process failed: standard output: write EPIPE\n',
    );
    await run.allGone();
  });
});

describe('the command line', () => {
  it.each([
    [['--seconds', 'ten'], '--seconds must be a number above 0 and up to 86400, got "ten"'],
    [['--seconds'], '--seconds must be a number above 0 and up to 86400, got nothing'],
    [['--jsno'], 'unknown option "--jsno": see --help'],
  ])('%j is refused in one line', async (args, message) => {
    const run = start(...args);
    await run.ended;
    expect(run.outcome).toBe(2);
    expect(run.out).toBe('');
    expect(run.errors).toBe(`sysmon: ${message}\n`);
  });

  it('--help says what there is', async () => {
    const run = start('--help');
    await run.ended;
    expect(run.outcome).toBe(0);
    expect(run.errors).toBe('');
    expect(run.out).toContain('--seconds N');
  });
});
