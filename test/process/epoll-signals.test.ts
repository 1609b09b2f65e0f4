// Signals in an epoll loop: who sent them, who had them before, and who has them after.

import type * as threads from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Child } from './child.js';
import { EPOLL_WORKER, returned } from './returned.js';

describe('a signal', () => {
  it('tells its name and its sender, once for each that was sent', async () => {
    const told = await returned(({ EpollLoop }) => {
      const { spawnSync } = process.getBuiltinModule('node:child_process');
      const loop = new EpollLoop();
      const told: unknown[] = [];
      loop.signal('SIGUSR2', (news) => told.push(news));
      loop.signal(12 + 23, ({ signal }) => told.push(signal));
      for (let count = 0; count < 3; count++) process.kill(process.pid, 'SIGUSR2');
      process.kill(process.pid, 35);
      const { stdout } = spawnSync('/bin/sh', ['-c', `kill -USR2 ${process.pid}; echo $$`]);
      let calls = 0;
      while (calls < 5) calls += loop.runOnce(-1);
      told.push(loop.runOnce(20));
      loop.close();
      const uid = process.getuid?.();
      const own = JSON.stringify({ signal: 'SIGUSR2', pid: process.pid, uid });
      const others = JSON.stringify({ signal: 'SIGUSR2', pid: Number(stdout), uid });
      return told.map((what) => {
        const text = JSON.stringify(what);
        return text === own ? 'own' : text === others ? 'others' : what;
      });
    });
    const sorted = (told as unknown[]).map(String).sort();
    expect(sorted).toEqual(['0', '35', 'others', 'own', 'own', 'own']);
    expect((told as unknown[]).filter((what) => what !== 35)).toEqual([
      ...['own', 'own', 'own', 'others', 0],
    ]);
  });

  it('ends the process again as before, once it is closed', async () => {
    const child = Child.start(({ EpollLoop, never, say }) => {
      const loop = new EpollLoop();
      const signal = loop.signal('SIGTERM', ({ pid }) => say('caught', pid));
      process.kill(process.pid, 'SIGTERM');
      loop.runOnce(-1);
      signal.close();
      signal.close();
      say('closed');
      return never();
    });
    await child.said('closed');
    expect(await child.said('caught')).toBe(child.pid);
    child.kill('SIGTERM');
    expect((await child.ended()).outcome).toBe('SIGTERM');
  });

  it('is the host’s again after close, and of whoever took it over since', async () => {
    const told = await returned(async ({ EpollLoop, sleep }) => {
      const loop = new EpollLoop();
      const told: string[] = [];
      const until = async (length: number) => {
        while (told.length < length) {
          loop.runOnce(0);
          await sleep(1);
        }
      };
      const raise = () => process.kill(process.pid, 'SIGTERM');
      process.on('SIGTERM', () => told.push('host'));
      raise();
      await until(1);
      const signal = loop.signal('SIGTERM', () => told.push('loop'));
      raise();
      await until(2);
      signal.close();
      raise();
      await until(3);
      // Now the other way round: the host comes second, and keeps it.
      process.removeAllListeners('SIGTERM');
      const second = loop.signal('SIGTERM', () => told.push('loop'));
      raise();
      await until(4);
      process.on('SIGTERM', () => told.push('host'));
      raise();
      await until(5);
      second.close();
      raise();
      await until(6);
      process.removeAllListeners('SIGTERM');
      return told;
    });
    expect(told).toEqual(['host', 'loop', 'host', 'loop', 'host', 'host']);
  });

  it('goes to one loop of the process; a second is refused until the first gives it back', async () => {
    const told = await returned(async ({ EpollLoop }) => {
      const one = new EpollLoop();
      const two = new EpollLoop();
      const told: unknown[] = [];
      const refused = (run: () => unknown) => {
        try {
          run();
          told.push('taken');
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          told.push([code, message]);
        }
      };
      const first = one.signal('SIGTERM', () => told.push('one'));
      refused(() => two.signal('SIGTERM', () => told.push('two')));
      refused(() => one.signal(15, () => told.push('one again')));
      process.kill(process.pid, 'SIGTERM');
      one.runOnce(-1);
      two.runOnce(0);
      first.close();
      refused(() => two.signal('SIGTERM', () => told.push('two')));
      one.close();
      process.kill(process.pid, 'SIGTERM');
      two.runOnce(-1);
      two.close();
      return told;
    });
    const exists = ['EEXIST', 'cannot watch signal 15: File exists (EEXIST)'];
    expect(told).toEqual([exists, exists, 'one', 'taken', 'two']);
  });

  it('alone does not keep the loop going, unless it is ref’d', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const signal = loop.signal('SIGHUP', () => {});
      const told = [loop.alive];
      told.push(signal.ref() === signal, loop.alive, signal.unref().ref() === signal, loop.alive);
      signal.close();
      told.push(loop.alive, signal.ref() === signal, loop.alive);
      return told;
    });
    expect(told).toEqual([false, true, true, true, true, false, true, false]);
  });

  it('can be closed in its own call-back, with others still waiting', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      let calls = 0;
      process.on('SIGUSR2', () => {});
      const signal = loop.signal('SIGUSR2', () => {
        calls++;
        signal.close();
      });
      for (let count = 0; count < 3; count++) process.kill(process.pid, 'SIGUSR2');
      const told = [loop.runOnce(-1), loop.runOnce(10), calls];
      process.removeAllListeners('SIGUSR2');
      return told;
    });
    expect(told).toEqual([1, 0, 1]);
  });

  it('in a flood loses only what nobody could count, and the loop goes on', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      let calls = 0;
      const signal = loop.signal('SIGUSR2', () => {
        calls++;
      });
      for (let count = 0; count < 10_000; count++) process.kill(process.pid, 'SIGUSR2');
      while (loop.runOnce(0, 100) > 0);
      const enough = calls > 100 && calls <= 10_000;
      const before = calls;
      process.kill(process.pid, 'SIGUSR2');
      loop.runOnce(-1);
      signal.close();
      return [enough, calls - before];
    });
    expect(told).toEqual([true, 1]);
  });

  it('does not reach child processes, which have their own', async () => {
    const told = await returned(async ({ EpollLoop }) => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const loop = new EpollLoop();
      let calls = 0;
      const signal = loop.signal('SIGTERM', () => {
        calls++;
      });
      const outcomes: unknown[] = [];
      for (let round = 0; round < 10; round++) {
        const child = spawn('/bin/sleep', ['100']);
        child.kill('SIGTERM');
        outcomes.push(await new Promise((resolve) => child.on('exit', (_code, by) => resolve(by))));
      }
      loop.runOnce(10);
      signal.close();
      return [new Set(outcomes).size, outcomes[0], calls];
    });
    expect(told).toEqual([1, 'SIGTERM', 0]);
  });

  it('is handed back by a worker that ends, and by one that is terminated', async () => {
    const child = Child.start(async ({ say, never }, worker: string) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
      const { readdirSync } = process.getBuiltinModule('node:fs');
      const left: number[] = [];
      for (let round = 0; round < 6; round++) {
        const one = new Worker(worker, { workerData: { role: 'leave' } });
        const ended = new Promise((resolve) => one.on('exit', resolve));
        if (round % 2 === 0) {
          await new Promise<void>((resolve) => {
            one.on('message', (message) => message === 'at it' && resolve());
          });
          await one.terminate();
        }
        await ended;
        left.push(readdirSync('/proc/self/fd').length);
      }
      say('left', (left[5] ?? 0) - (left[1] ?? 0));
      await never();
    }, EPOLL_WORKER);
    // Two pairs of sockets each, which are no loop's.
    expect(await child.said('left')).toBe(16);
    child.kill('SIGUSR2');
    expect((await child.ended()).outcome).toBe('SIGUSR2');
  });
});
