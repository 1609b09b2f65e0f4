// An epoll loop that owns its thread: `await loop.run()`.

import type * as threads from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Child, type Task } from './child.js';
import { EPOLL_WORKER } from './returned.js';

interface Argument {
  readonly worker: string;
}

/** Runs a task that ends well by itself, and gives what it said, word by word. */
async function played(task: Task<Argument>): Promise<Record<string, unknown[]>> {
  const child = Child.start(task, { worker: EPOLL_WORKER });
  const { outcome, errors, said } = await child.ended();
  expect(errors).toBe('');
  expect(outcome).toBe(0);
  return Object.fromEntries(said.map((word) => [word, child.values(word)]));
}

describe('run', () => {
  it('drains next ticks and promises after every call-back of one batch', async () => {
    const { order } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const order: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        const handle = loop.add(near, POLLIN, () => {
          order.push(`${name}`);
          Promise.resolve()
            .then(() => order.push(`${name} promise`))
            .then(() => process.nextTick(() => order.push(`${name} late tick`)));
          process.nextTick(() => order.push(`${name} tick`));
          handle.destroy();
        });
      }
      for (const name of ['j', 'k']) {
        loop.pollJobAdd(() => {
          order.push(name);
          process.nextTick(() => order.push(`${name} tick`));
          queueMicrotask(() => order.push(`${name} promise`));
        });
      }
      await loop.run();
      say('order', order);
    });
    const source = (name: string) =>
      ['', ' tick', ' promise', ' late tick'].map((what) => name + what);
    const job = (name: string) => ['', ' tick', ' promise'].map((what) => name + what);
    expect(order).toEqual([[...['a', 'b', 'c'].flatMap(source), ...['j', 'k'].flatMap(job)]]);
  });

  it('is stopped by a call-back, after it, and goes on later where it was', async () => {
    const { order, spared } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const order: string[] = [];
      const fars: number[] = [];
      for (const name of ['a', 'b', 'c']) {
        const [near, far] = descriptors.socketPair();
        fars.push(far);
        loop.add(near, POLLIN, () => {
          order.push(name);
          // Whoever is called without need finds nothing, and that is an error here.
          descriptors.read(near);
          loop.stop();
        });
      }
      loop.pollJobAdd(() => order.push('job'));
      for (let round = 0; round < 2; round++) {
        for (const far of fars) descriptors.write(far, Buffer.from('x'));
        for (let run = 0; run < fars.length; run++) {
          await loop.run();
          order.push('stopped');
        }
      }
      say('order', order);
      // Nothing is left over: this one has nothing to call.
      loop.stop();
      await loop.run();
      say('spared', [order.length, loop.stopped, loop.alive]);
    });
    expect(order).toEqual([
      ['a', 'stopped', 'b', 'stopped', 'c', 'stopped', 'job', 'a'].concat([
        'stopped',
        'b',
        'stopped',
        'c',
        'stopped',
      ]),
    ]);
    expect(spared).toEqual([[13, false, true]]);
  });

  it('is stopped by a signal', async () => {
    const { signal } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const [near] = descriptors.socketPair();
      loop.add(near, POLLIN, () => {});
      loop.signal('SIGTERM', (news) => {
        say('signal', news.pid === process.pid);
        loop.stop();
      });
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 5);
      await loop.run();
      loop.close();
    });
    expect(signal).toEqual([true]);
  });

  it('is stopped by another thread, before it began and while it blocks', async () => {
    const { early, late, unknown } = await played(
      async ({ EpollLoop, POLLIN, descriptors, say, sleep }, { worker }) => {
        const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
        const stopFromThread = (id: number) =>
          new Promise((resolve) => {
            new Worker(worker, { workerData: { role: 'stop', id } }).on('message', resolve);
          });
        const loop = new EpollLoop();
        const [near] = descriptors.socketPair();
        loop.add(near, POLLIN, () => {});
        const known = await stopFromThread(loop.id);
        say('early', [known, loop.stopped]);
        await loop.run();
        say('early', loop.stopped);
        // A loop that was about to end anyway is not the next time's fault.
        const asked = stopFromThread(loop.id);
        await loop.run({ hostEveryMs: 60_000 });
        say('late', await asked);
        loop.close();
        say('unknown', [await stopFromThread(loop.id), await stopFromThread(4711)]);
        await sleep(0);
      },
    );
    expect(early).toEqual([[true, true], false]);
    expect(late).toEqual([true]);
    expect(unknown).toEqual([[false, false]]);
  });

  it('takes a stop for itself although nothing kept it going', async () => {
    const { calls } = await played(async ({ EpollLoop, say }) => {
      const loop = new EpollLoop();
      EpollLoop.stop(loop.id);
      await loop.run();
      let calls = 0;
      loop.timer({ afterMs: 1 }, () => {
        calls++;
      });
      await loop.run();
      say('calls', calls);
    });
    expect(calls).toEqual([1]);
  });

  it('stops another thread’s loop after the call-back that runs', async () => {
    const { calls } = await played(async ({ EpollLoop, say }) => {
      const loop = new EpollLoop();
      let calls = 0;
      for (let jobs = 0; jobs < 10; jobs++) {
        loop.pollJobAdd(() => {
          calls++;
          // What another thread calls is this very function.
          if (calls === 3) EpollLoop.stop(loop.id);
        });
      }
      await loop.run();
      say('calls', calls);
      await loop.run();
      say('calls', calls);
    });
    expect(calls).toEqual([3, 10]);
  });

  it('ends when nothing is ref’d any more, and runs again', async () => {
    const { told } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const told: unknown[] = [];
      await loop.run();
      told.push('empty');
      const [near, far] = descriptors.socketPair();
      const handle = loop.add(near, POLLIN, () => {
        if (told.at(-1) !== 'called') told.push('called');
        if (told.length === 2) handle.unref();
      });
      setTimeout(() => descriptors.write(far, Buffer.from('x')), 10);
      await loop.run();
      told.push('unref’d');
      handle.ref();
      const timer = loop.timer({ afterMs: 5 }, () => handle.destroy());
      timer.unref();
      await loop.run();
      told.push('destroyed');
      let jobs = 0;
      const job = () => {
        jobs++;
        if (jobs < 5) loop.pollJobAdd(job);
      };
      loop.pollJobAdd(job);
      await loop.run();
      told.push(jobs);
      loop.signal('SIGUSR2', () => {});
      loop.timer({ everyMs: 1 }, () => {}).unref();
      await loop.run();
      told.push('a signal and an unref’d timer');
      say('told', told);
      loop.close();
    });
    expect(told).toEqual([
      ['empty', 'called', 'unref’d', 'called', 'destroyed', 5, 'a signal and an unref’d timer'],
    ]);
  });

  it('refuses to run twice at a time, and after close', async () => {
    const { outcomes } = await played(async ({ EpollLoop, say }) => {
      const loop = new EpollLoop();
      const outcomes: string[] = [];
      loop.timer({ afterMs: 10 }, () => {});
      const first = loop.run();
      await loop.run().catch((error) => outcomes.push(error.message));
      await first;
      loop.timer({ everyMs: 1 }, () => loop.close());
      await loop.run();
      await loop.run().catch((error) => outcomes.push(error.message));
      say('outcomes', outcomes);
    });
    expect(outcomes).toEqual([['the loop runs already', 'the loop is closed']]);
  });

  it('makes what a call-back throws an uncaught exception, and serves the others', async () => {
    const { told } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const told: string[] = [];
      process.on('uncaughtException', (error) => told.push(error.message));
      for (const name of ['a', 'b', 'c']) {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        const handle = loop.add(near, POLLIN, () => {
          handle.destroy();
          process.nextTick(() => told.push(`${name} tick`));
          throw new Error(name);
        });
      }
      loop.pollJobAdd(() => {
        loop.timer({ afterMs: 5 }, () => {
          throw new Error('timer');
        });
        throw new Error('job');
      });
      await loop.run();
      say('told', told);
    });
    expect(told).toEqual([['a tick', 'a', 'b tick', 'b', 'c tick', 'c', 'job', 'timer']]);
  });

  it('ends the process by an exception that nobody catches', async () => {
    const child = Child.start(async ({ EpollLoop }) => {
      const loop = new EpollLoop();
      loop.timer({ everyMs: 1 }, () => {
        throw new Error('nobody catches this');
      });
      await loop.run();
    });
    const { outcome, errors } = await child.ended();
    expect(outcome).toBe(1);
    expect(errors).toContain('nobody catches this');
  });

  it('leaves the host its timers, immediates, files and processes, busy or not', async () => {
    const { idle, busy } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const { readFile } = process.getBuiltinModule('node:fs/promises');
      const { execFile } = process.getBuiltinModule('node:child_process');
      const loop = new EpollLoop();
      const [near, far] = descriptors.socketPair();
      const hot = loop.add(near, POLLIN, () => {});
      const turn = async () => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        await new Promise((resolve) => setImmediate(resolve));
        const text = await readFile('/proc/self/status', 'utf8');
        const output = await new Promise((resolve) =>
          execFile('/bin/echo', ['hi'], (_error, stdout) => resolve(stdout)),
        );
        return [text.startsWith('Name'), output];
      };
      const both = async () => {
        say('idle', await turn());
        descriptors.write(far, Buffer.from('x'));
        say('busy', await turn());
        hot.destroy();
      };
      const done = both();
      await loop.run();
      await done;
    });
    expect(idle).toEqual([[true, 'hi\n']]);
    expect(busy).toEqual([[true, 'hi\n']]);
  });

  it('serves hundreds of thousands of jobs, and each descriptor that closed under it', async () => {
    const { done } = await played(async ({ EpollLoop, POLLIN, POLLNVAL, descriptors, say }) => {
      const loop = new EpollLoop();
      let jobs = 0;
      const many = 300_000;
      for (let job = 0; job < many; job++) {
        loop.pollJobAdd(() => {
          if (job !== jobs) throw new Error(`job ${job} came as number ${jobs}`);
          jobs++;
        });
      }
      const [near, far] = descriptors.socketPair();
      const handle = loop.add(near, 0, (revents) => {
        if (revents !== POLLNVAL) throw new Error(`${revents}`);
        handle.destroy();
      });
      descriptors.close(near);
      handle.modify(POLLIN);
      await loop.run();
      descriptors.close(far);
      say('done', jobs === many);
    });
    expect(done).toEqual([true]);
  });

  it('is fair: a hot descriptor starves neither another, a timer, a job nor a signal', async () => {
    const { enough } = await played(async ({ EpollLoop, POLLIN, descriptors, say }) => {
      const loop = new EpollLoop();
      const served = { hot: 0, cold: 0, timer: 0, job: 0, signal: 0, host: 0 };
      const [hot, hotFar] = descriptors.socketPair();
      descriptors.write(hotFar, Buffer.from('x'));
      loop.add(hot, POLLIN, () => {
        served.hot++;
        if (Object.values(served).every((times) => times >= 20)) loop.stop();
      });
      const [cold, coldFar] = descriptors.socketPair();
      loop.add(cold, POLLIN, () => {
        descriptors.read(cold);
        served.cold++;
      });
      loop.timer({ everyMs: 1 }, () => {
        served.timer++;
        descriptors.write(coldFar, Buffer.from('x'));
        process.kill(process.pid, 'SIGUSR2');
      });
      loop.signal('SIGUSR2', () => {
        served.signal++;
      });
      const job = () => {
        served.job++;
        loop.pollJobAdd(job);
      };
      loop.pollJobAdd(job);
      setInterval(() => {
        served.host++;
      }, 1).unref();
      await loop.run();
      loop.close();
      say('enough', true);
    });
    expect(enough).toEqual([true]);
  });
});

describe('in a worker', () => {
  const stopped: Task<Argument> = async ({ EpollLoop, say }, { worker }) => {
    const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
    for (const role of ['run', 'step']) {
      const one = new Worker(worker, { workerData: { role, hostEveryMs: 100_000_000 } });
      const heard: unknown[] = [];
      const ended = new Promise((resolve) => one.on('exit', resolve));
      await new Promise<void>((resolve) => {
        one.on('message', (message) => {
          heard.push(message);
          if (message === 'at it') resolve();
        });
      });
      say(role, EpollLoop.stop(heard[0] as number));
      await ended;
      say(role, heard.at(-1));
    }
  };

  it('run and runOnce(-1) are stopped by another thread', async () => {
    const { run, step } = await played(stopped);
    expect(run).toEqual([true, 'over']);
    expect(step).toEqual([true, 'over 0']);
  });

  it('that is terminated while it blocks there ends, and leaves nothing', async () => {
    const { left, numbers } = await played(async ({ EpollLoop, say }, { worker }) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads') as typeof threads;
      const { readdirSync } = process.getBuiltinModule('node:fs');
      const left: number[] = [];
      const numbers: number[] = [];
      for (let round = 0; round < 6; round++) {
        const role = round % 2 === 0 ? 'run' : 'step';
        const one = new Worker(worker, { workerData: { role, hostEveryMs: 100_000_000 } });
        await new Promise<void>((resolve) => {
          one.on('message', (message) => {
            if (message === 'at it') resolve();
            else numbers.push(message);
          });
        });
        await one.terminate();
        if (EpollLoop.stop(numbers.at(-1) ?? 0)) throw new Error('the loop is still known');
        left.push(readdirSync('/proc/self/fd').length);
      }
      // Each leaves its own pair of sockets, which are no loop's.
      say('left', (left[5] ?? 0) - (left[1] ?? 0));
      say('numbers', new Set(numbers).size);
    });
    expect(left).toEqual([8]);
    expect(numbers).toEqual([6]);
  });
});
