// An epoll loop as a step of somebody else's loop: `loop.runOnce(timeoutMs, budget)`.

import type * as threads from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { EPOLL_WORKER, returned } from './returned.js';

describe('runOnce', () => {
  it('tells how many call-backs ran, and blocks no longer than it is told', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const told: unknown[] = [];
      const took = (run: () => number): number => {
        const start = performance.now();
        told.push(run());
        return performance.now() - start;
      };
      // With nothing to watch it still waits.
      told.push(took(() => loop.runOnce(30)) >= 30);
      told.push(took(() => loop.runOnce(120)) >= 120);
      const [near, far] = descriptors.socketPair();
      const handle = loop.add(near, POLLIN, () => {});
      took(() => loop.runOnce());
      descriptors.write(far, Buffer.from('x'));
      told.push(took(() => loop.runOnce(60_000)) < 60_000);
      told.push(took(() => loop.runOnce(-1)) < 60_000);
      loop.pollJobAdd(() => {});
      loop.pollJobAdd(() => {});
      took(() => loop.runOnce());
      handle.destroy();
      took(() => loop.runOnce(0));
      return told;
    });
    expect(told).toEqual([0, true, 0, true, 0, 1, true, 1, true, 3, 0]);
  });

  it('ends early when something becomes ready while it waits', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const { spawn } = process.getBuiltinModule('node:child_process');
      const loop = new EpollLoop();
      // Signals come from outside, while this thread is in the midst of its wait.
      const told: unknown[] = [];
      loop.signal('SIGUSR2', ({ pid }) => told.push(pid));
      const killer = spawn('/bin/sh', ['-c', `sleep 0.1; exec kill -USR2 ${process.pid}`]);
      const served = loop.runOnce(60_000);
      told.push(served, killer.pid);
      loop.timer({ afterMs: 5 }, (expirations) => told.push(expirations));
      loop.runOnce(60_000);
      const [near, far] = descriptors.socketPair();
      loop.add(near, POLLIN, (revents) => told.push(revents));
      descriptors.close(far);
      loop.runOnce(-1);
      loop.close();
      return told;
    });
    const [pid, served, killer, ...rest] = told as number[];
    expect(pid).toBe(killer);
    expect([served, ...rest]).toEqual([1, 1, 0x11]);
  });

  it('waits for ever until another thread stops it, and then no more until a run ended', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors }, worker: string) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
      const loop = new EpollLoop();
      const [near] = descriptors.socketPair();
      loop.add(near, POLLIN, () => {});
      const stopper = new Worker(worker, { workerData: { role: 'stop', id: loop.id } });
      // The worker needs this thread to start, so it gets it before each wait.
      const over = new Promise((resolve) => stopper.on('exit', resolve));
      const told: unknown[] = [];
      while (!loop.stopped) {
        told[0] = loop.runOnce(50);
        await new Promise(setImmediate);
      }
      await over;
      told.push(loop.stopped, loop.runOnce(-1), loop.runOnce(60_000), loop.stopped);
      await loop.run();
      told.push(loop.stopped, loop.runOnce(1));
      loop.stop();
      told.push(loop.runOnce(-1));
      return told;
    }, EPOLL_WORKER);
    expect(told).toEqual([0, true, 0, 0, true, false, 0, 0]);
  });

  it.each([1, 2, 7, 64, 299])('with a budget of %d serves 300 equally', async (budget) => {
    const served = await returned(({ EpollLoop, POLLIN, descriptors }, budget: number) => {
      const loop = new EpollLoop();
      const served = new Map<number, number>();
      for (let count = 0; count < 300; count++) {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        served.set(near, 0);
        loop.add(near, POLLIN, () => served.set(near, (served.get(near) ?? 0) + 1));
      }
      const rounds = 7;
      for (let left = 300 * rounds; left > 0; ) {
        const most = Math.min(left, budget);
        const calls = loop.runOnce(0, most);
        if (calls < 1 || calls > most) throw new Error(`${calls} of ${most}`);
        left -= calls;
      }
      return [...new Set(served.values())];
    }, budget);
    expect(served).toEqual([7]);
  });

  it('with a budget loses nothing: descriptors, jobs, timers and signals', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const called: string[] = [];
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        loop.add(near, POLLIN, () => {
          called.push(name);
          // An error when there is nothing to read: nobody is called twice for one readiness.
          descriptors.read(near);
        });
      }
      for (const name of ['j1', 'j2', 'j3']) loop.pollJobAdd(() => called.push(name));
      loop.timer({ afterMs: 0 }, () => called.push('timer'));
      loop.signal('SIGUSR2', () => called.push('signal'));
      process.kill(process.pid, 'SIGUSR2');
      const counts: number[] = [];
      for (let calls = loop.runOnce(0, 1); calls > 0; calls = loop.runOnce(0, 1)) {
        counts.push(calls);
      }
      loop.close();
      const jobs = called.filter((name) => name.startsWith('j'));
      return [called.sort(), counts, jobs];
    });
    const called = ['a', 'b', 'c', 'd', 'e', 'j1', 'j2', 'j3', 'signal', 'timer'];
    expect(told).toEqual([called, called.map(() => 1), ['j1', 'j2', 'j3']]);
  });

  it('with a budget of 1 serves what is ready behind the bell', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const [near, far] = descriptors.socketPair();
      // The bell is in front, and has nobody to call.
      EpollLoop.stop(loop.id);
      loop.add(near, POLLIN, () => {});
      descriptors.write(far, Buffer.from('x'));
      return [loop.runOnce(0, 1), loop.runOnce(0, 1)];
    });
    expect(told).toEqual([1, 1]);
  });

  it('goes on to wait when all that was left over has ended since', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const handles = [1, 2, 3].map(() => {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        return loop.add(near, POLLIN, () => loop.stop());
      });
      // One of three that were fetched is served.
      await loop.run();
      for (const handle of handles) handle.destroy();
      loop.timer({ afterMs: 20 }, () => {});
      return [loop.runOnce(-1), loop.alive];
    });
    expect(told).toEqual([1, false]);
  });

  it('counts nobody whose time was taken back in the same turn', async () => {
    const told = await returned(({ EpollLoop, sleep }) => {
      const loop = new EpollLoop();
      const told: unknown[] = [];
      const clear = () => {
        told.push('called');
        for (const timer of timers) timer.clear();
      };
      const timers = [1, 2, 3].map(() => loop.timer({ afterMs: 0 }, clear));
      return sleep(5).then(() => {
        told.push(loop.runOnce(), loop.runOnce(20), loop.alive);
        return told;
      });
    });
    expect(told).toEqual(['called', 1, 0, false]);
  });

  it('has every job added by a job wait for the next turn, in order, under a budget too', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const order: number[] = [];
      let next = 0;
      const add = (more: number) => {
        const number = next++;
        loop.pollJobAdd(() => {
          order.push(number);
          for (let count = 0; count < more; count++) add(more - 1);
        });
      };
      for (let count = 0; count < 3; count++) add(2);
      const turns: number[] = [];
      while (loop.alive) turns.push(loop.runOnce(-1, 4));
      return [order, turns];
    });
    const numbers = Array.from({ length: 15 }, (_, number) => number);
    expect(told).toEqual([numbers, [3, 4, 2, 4, 2]]);
  });

  it('is refused inside a call-back of the same loop, and free inside one of another', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const other = new EpollLoop();
      const told: unknown[] = [];
      other.pollJobAdd(() => told.push('other'));
      const refused = () => {
        try {
          loop.runOnce();
        } catch (error) {
          told.push((error as Error).message);
        }
      };
      loop.pollJobAdd(() => {
        refused();
        told.push(other.runOnce());
        other.pollJobAdd(refused);
        other.runOnce();
      });
      loop.pollJobAdd(() => told.push('the next'));
      loop.runOnce();
      told.push(loop.runOnce());
      return told;
    });
    const refused = 'runOnce was called by one of the call-backs of the loop';
    expect(told).toEqual([refused, 'other', 1, refused, 'the next', 0]);
  });

  it('makes what call-backs throw uncaught exceptions, counts them, and serves the others', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const told: unknown[] = [];
      process.on('uncaughtException', (error) => told.push(error.message));
      const [near, far] = descriptors.socketPair();
      descriptors.write(far, Buffer.from('x'));
      loop.add(near, POLLIN, () => {
        throw new Error('descriptor');
      });
      for (const name of ['one', 'two']) {
        loop.pollJobAdd(() => {
          throw new Error(name);
        });
      }
      loop.pollJobAdd(() => told.push('three'));
      told.push(loop.runOnce(0, 3), loop.runOnce(0, 3));
      await new Promise(setImmediate);
      return told;
    });
    expect(told).toEqual(['three', 3, 1, 'descriptor', 'one', 'two']);
  });

  it('is fair: a hot descriptor starves neither a timer nor a job nor another', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const served = { hot: 0, timer: 0, job: 0, cold: 0 };
      const [near, far] = descriptors.socketPair();
      descriptors.write(far, Buffer.from('x'));
      loop.add(near, POLLIN, () => {
        served.hot++;
      });
      const [cold, coldFar] = descriptors.socketPair();
      loop.add(cold, POLLIN, () => {
        descriptors.read(cold);
        served.cold++;
      });
      loop.timer({ everyMs: 0.001 }, () => {
        served.timer++;
        descriptors.write(coldFar, Buffer.from('x'));
      });
      const job = () => {
        served.job++;
        loop.pollJobAdd(job);
      };
      job();
      for (let turn = 0; turn < 4000; turn++) loop.runOnce(0, 1);
      return Object.values(served).every((times) => times > 200) || served;
    });
    expect(told).toBe(true);
  });
});
