// An epoll loop nested in another, by its descriptor or by `attach`, and the one that a thread
// watches.

import { describe, expect, it } from 'vitest';
import { Child } from './child.js';
import { EPOLL_WORKER, returned } from './returned.js';

describe('the descriptor of a loop', () => {
  it('is readable exactly while a turn has something to do', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors, poll }) => {
      const loop = new EpollLoop();
      const told: Record<string, boolean[]> = {};
      const look = (timeoutMs = 0) =>
        poll([{ fd: loop.fd, events: POLLIN }], timeoutMs)[0] === POLLIN;
      // What it is before something comes, then, and after it was served.
      const watch = (name: string, begin: () => void, end = () => {}, budget?: number) => {
        const looks = [look()];
        begin();
        looks.push(look(60_000));
        do {
          if (loop.runOnce(0, budget) === 0) throw new Error(`${name}: nobody to call`);
        } while (budget !== undefined && look());
        end();
        looks.push(look());
        told[name] = looks;
      };
      const [near, far] = descriptors.socketPair();
      const handle = loop.add(near, POLLIN, () => descriptors.read(near));
      watch('descriptor', () => descriptors.write(far, Buffer.from('x')));
      watch('job', () => loop.pollJobAdd(() => {}));
      watch('jobs in pieces', () => [1, 2, 3].map(() => loop.pollJobAdd(() => {})), undefined, 1);
      watch('timer', () => loop.timer({ afterMs: 5 }, () => {}));
      const signal = loop.signal('SIGUSR2', () => {});
      watch('signal', () => process.kill(process.pid, 'SIGUSR2'));
      watch(
        'a job by a job',
        () => loop.pollJobAdd(() => loop.pollJobAdd(() => {})),
        () => {
          if (!look() || loop.runOnce() !== 1) throw new Error('the second job');
        },
      );
      watch(
        'hang-up',
        () => descriptors.close(far),
        () => handle.destroy(),
      );
      const inner = new EpollLoop();
      inner.attach(loop);
      watch('a loop inside', () => inner.pollJobAdd(() => {}));
      inner.close();
      const [other] = descriptors.socketPair();
      const closed = loop.add(other, 0, () => closed.destroy());
      watch('a descriptor that was closed', () => {
        descriptors.close(other);
        closed.modify(POLLIN);
      });
      signal.close();
      EpollLoop.stop(loop.id);
      loop.runOnce();
      told['a stop that was seen'] = [look()];
      return told;
    });
    const { 'a stop that was seen': stop, ...others } = told as Record<string, boolean[]>;
    expect(stop).toEqual([false]);
    expect(Object.keys(others)).toHaveLength(9);
    for (const [name, looks] of Object.entries(others)) {
      expect([name, ...looks]).toEqual([name, false, true, false]);
    }
  });

  it('is readable while what a budget left over waits, also of descriptors', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors, poll }) => {
      const loop = new EpollLoop();
      const look = () => poll([{ fd: loop.fd, events: POLLIN }])[0];
      for (let count = 0; count < 3; count++) {
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        loop.add(near, POLLIN, () => descriptors.read(near));
      }
      const told: unknown[] = [];
      for (let turn = 0; turn < 3; turn++) told.push(look(), loop.runOnce(0, 1));
      told.push(look());
      return told;
    });
    expect(told).toEqual([1, 1, 1, 1, 1, 1, 0]);
  });
});

describe('attach', () => {
  it.each(['libuv', 'thread', 'epoll'] as const)('in %s serves all that is in it', async (host) => {
    const told = await returned(async (tools, host: 'libuv' | 'thread' | 'epoll') => {
      const { EpollLoop, POLLIN, descriptors, sleep } = tools;
      const outer = new EpollLoop();
      const loop = new EpollLoop();
      const hosting = host === 'epoll' ? outer : tools.adapters[host]();
      const attachment = loop.attach(hosting);
      const told: unknown[] = [attachment.host === hosting];
      const [near, far] = descriptors.socketPair();
      const served: Record<string, number> = {};
      const count = (name: string) => () => {
        served[name] = (served[name] ?? 0) + 1;
      };
      const handle = loop.add(near, POLLIN, () => {
        descriptors.read(near);
        count('descriptor')();
      });
      loop.timer({ afterMs: 5 }, count('once'));
      const every = loop.timer({ everyMs: 5 }, count('every'));
      loop.signal('SIGUSR2', count('signal'));
      for (let jobs = 0; jobs < 200; jobs++) loop.pollJobAdd(count('jobs'));
      const again = () => {
        count('again')();
        if ((served['again'] ?? 0) < 10) loop.pollJobAdd(again);
      };
      loop.pollJobAdd(again);
      descriptors.write(far, Buffer.from('x'));
      process.kill(process.pid, 'SIGUSR2');
      const running = host === 'epoll' ? outer.run() : undefined;
      while (Object.keys(served).length < 6 || (served['again'] ?? 0) < 10) await sleep(1);
      handle.destroy();
      every.close();
      await running;
      told.push(served['jobs'], served['once'], served['descriptor'], served['signal']);
      return told;
    }, host);
    expect(told).toEqual([true, 200, 1, 1, 1]);
  });

  it('makes the process live as long as something in the loop is ref’d', async () => {
    const ends = await returned(async ({ EpollLoop, POLLIN, descriptors, libuvPoll, say }) => {
      const loop = new EpollLoop();
      loop.attach(libuvPoll());
      const [near] = descriptors.socketPair();
      loop.add(near, POLLIN, () => {}).unref();
      loop.timer({ everyMs: 1 }, () => {}).unref();
      loop.signal('SIGUSR2', () => {});
      loop.timer({ afterMs: 50 }, () => say('the timer')).ref();
      process.on('exit', () => say('exit', loop.alive));
      return 'at once';
    });
    expect(ends).toBe('at once');
    const child = Child.start(({ EpollLoop, POLLIN, descriptors, epollPoll, say }) => {
      const [near] = descriptors.socketPair();
      epollPoll()
        .pollDispatchAdd(near, () => {})
        .unref()
        .ref();
      const loop = new EpollLoop();
      const [other] = descriptors.socketPair();
      // A loop that nobody drives keeps nothing.
      loop.add(other, POLLIN, () => {});
      say('ready');
    });
    await child.said('ready');
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGTERM');
    expect((await child.ended()).outcome).toBe('SIGTERM');
  });

  it('ends with detach, and the loop can go elsewhere', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors, libuvPoll, sleep }) => {
      const loop = new EpollLoop();
      const outer = new EpollLoop();
      let calls = 0;
      const [near, far] = descriptors.socketPair();
      loop.add(near, POLLIN, () => {
        descriptors.read(near);
        calls++;
      });
      const told: unknown[] = [];
      const first = loop.attach(libuvPoll());
      try {
        loop.attach(outer);
      } catch (error) {
        told.push((error as Error).message);
      }
      // A job that was asked of the first is made by the second.
      let jobs = 0;
      loop.pollJobAdd(() => jobs++);
      first.detach();
      first.detach();
      descriptors.write(far, Buffer.from('x'));
      await sleep(20);
      told.push(calls, jobs);
      const second = loop.attach(outer);
      first.detach();
      told.push(outer.runOnce(), outer.runOnce(), calls, jobs, outer.alive);
      second[Symbol.dispose]();
      told.push(outer.alive, outer.runOnce());
      loop.attach(libuvPoll());
      descriptors.write(far, Buffer.from('x'));
      while (calls < 2) await sleep(1);
      loop.close();
      told.push(calls, outer.alive);
      return told;
    });
    const already = 'the loop is attached to libuv already';
    expect(told).toEqual([already, 0, 0, 2, 0, 1, 1, true, false, 0, 2, false]);
  });

  it('nests loops in loops; a circle and a loop in itself are refused', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors, libuvPoll, sleep }) => {
      const loops = [1, 2, 3].map(() => new EpollLoop());
      const [one, two, three] = loops as [
        InstanceType<typeof EpollLoop>,
        InstanceType<typeof EpollLoop>,
        InstanceType<typeof EpollLoop>,
      ];
      three.attach(two);
      two.attach(one);
      one.attach(libuvPoll());
      const told: unknown[] = [];
      const refused = (run: () => unknown) => {
        try {
          run();
        } catch (error) {
          told.push((error as { code: string }).code);
        }
      };
      const lonely = new EpollLoop();
      refused(() => lonely.attach(lonely));
      refused(() => three.add(one.fd, POLLIN, () => {}));
      refused(() => three.add(two.fd, POLLIN, () => {}));
      const order: string[] = [];
      const [near, far] = descriptors.socketPair();
      const handle = three.add(near, POLLIN, () => {
        descriptors.read(near);
        order.push('descriptor');
        three.pollJobAdd(() => order.push('job'));
      });
      for (let round = 0; round < 3; round++) {
        descriptors.write(far, Buffer.from('x'));
        while (order.length < 2 * round + 2) await sleep(1);
      }
      told.push(order.length, one.alive, two.alive);
      handle.destroy();
      lonely.close();
      three.close();
      told.push(one.alive, two.alive);
      return told;
    });
    expect(told).toEqual(['EINVAL', 'ELOOP', 'ELOOP', 6, true, true, false, false]);
  });

  it('to a loop that closed is refused, and one that closes under it takes nothing along', async () => {
    const told = await returned(({ EpollLoop }) => {
      const told: unknown[] = [];
      const refused = (run: () => unknown) => {
        try {
          told.push(run());
        } catch (error) {
          told.push((error as Error).message);
        }
      };
      const loop = new EpollLoop();
      const outer = new EpollLoop();
      const attachment = loop.attach(outer);
      outer.close();
      let jobs = 0;
      refused(() => loop.pollJobAdd(() => jobs++));
      refused(() => loop.pollJobAdd(() => jobs++));
      attachment.detach();
      loop.pollJobAdd(() => jobs++);
      refused(() => loop.attach(outer));
      loop.runOnce();
      told.push(jobs);
      return told;
    });
    const closed = 'the loop is closed';
    expect(told).toEqual([closed, closed, closed, 1]);
  });

  it('has 1000 connections behind one descriptor', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors, libuvPoll, sleep }) => {
      const loop = new EpollLoop();
      const watched: number[] = [];
      const libuv = libuvPoll();
      loop.attach({
        name: 'counting',
        pollAcceptAdd: (fd, onReady) => libuv.pollAcceptAdd(fd, onReady),
        pollDispatchAdd: (fd, onReady) => {
          watched.push(fd);
          return libuv.pollDispatchAdd(fd, onReady);
        },
        pollJobAdd: (job) => libuv.pollJobAdd(job),
      });
      const served = new Set<number>();
      const ends = Array.from({ length: 1000 }, () => descriptors.socketPair());
      const handles = ends.map(([near]) =>
        loop.add(near, POLLIN, () => {
          descriptors.read(near);
          served.add(near);
        }),
      );
      for (const [, far] of ends) descriptors.write(far, Buffer.from('x'));
      while (served.size < ends.length) await sleep(1);
      for (const handle of handles) handle.destroy();
      return [served.size, watched.length, watched[0] === loop.fd];
    });
    expect(told).toEqual([1000, 1, true]);
  });
});

describe('epollPoll', () => {
  it('has a thread and descriptors only while something is watched', async () => {
    const told = await returned(async ({ epollPoll, descriptors, sleep }) => {
      const { readdirSync } = process.getBuiltinModule('node:fs');
      const held = () => [
        readdirSync('/proc/self/fd').length,
        readdirSync('/proc/self/task').length,
      ];
      const poll = epollPoll();
      const [near, far] = descriptors.socketPair();
      const [other] = descriptors.socketPair();
      descriptors.write(far, Buffer.from('x'));
      const before = held();
      // The system lists a thread that was joined for a moment longer.
      const back = async () => {
        while (held().join() !== before.join()) await sleep(1);
      };
      const during: number[][] = [];
      for (let round = 0; round < 10; round++) {
        // From inside a call-back, from outside, and without ever being called.
        await new Promise<void>((resolve) => {
          const handle = poll.pollDispatchAdd(near, () => {
            during.push(held());
            handle.destroy();
            resolve();
          });
        });
        await back();
        const handles = [near, other].map((fd) => poll.pollDispatchAdd(fd, () => {}));
        await sleep(1);
        for (const handle of handles) handle.destroy();
        poll.pollAcceptAdd(near, () => {}).destroy();
        try {
          poll.pollDispatchAdd(1_000_000, () => {});
        } catch {
          // There is no such descriptor, and nothing is held for it.
        }
        await back();
      }
      return during.map(([fds = 0, tasks = 0]) => {
        return fds > (before[0] ?? 0) && tasks === (before[1] ?? 0) + 1;
      });
    }, EPOLL_WORKER);
    expect(told).toEqual(Array(10).fill(true));
  });
});
