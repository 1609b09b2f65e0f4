// What a user watches in an epoll loop beside connections: descriptors and timers.

import { describe, expect, it } from 'vitest';
import { returned } from './returned.js';

describe('a descriptor', () => {
  it('is level-triggered, for what is asked for, until it is destroyed', async () => {
    const told = await returned(({ EpollLoop, POLLIN, POLLOUT, descriptors }) => {
      const loop = new EpollLoop();
      const [near, far] = descriptors.socketPair();
      const heard: number[] = [];
      const handle = loop.add(near, POLLOUT, (revents) => heard.push(revents));
      loop.runOnce();
      loop.runOnce();
      descriptors.write(far, Buffer.from('x'));
      loop.runOnce();
      handle.modify(POLLIN);
      loop.runOnce();
      loop.runOnce();
      handle.modify(POLLIN | POLLOUT);
      loop.runOnce();
      handle.modify(0);
      loop.runOnce();
      descriptors.close(far);
      loop.runOnce();
      handle.destroy();
      handle.destroy();
      loop.runOnce();
      // The number is free for the next.
      descriptors.close(near);
      const [next] = descriptors.socketPair();
      loop.add(next, POLLOUT, (revents) => heard.push(revents + 100));
      loop.runOnce();
      return [heard, next === near];
    });
    // At the hang-up nothing is asked for.
    expect(told).toEqual([[4, 4, 4, 1, 1, 5, 16, 104], true]);
  });

  it('of any kind that epoll takes can be watched; others are refused by name', async () => {
    const told = await returned(({ EpollLoop, POLLIN }) => {
      const { openSync } = process.getBuiltinModule('node:fs');
      const loop = new EpollLoop();
      const attempt = (fd: number) => {
        try {
          loop.add(fd, POLLIN, () => {}).destroy();
          return 'watched';
        } catch (error) {
          const { code, syscall, message } = error as NodeJS.ErrnoException;
          return [code, syscall, message.replace(/descriptor \d+/, 'it')];
        }
      };
      const files = ['/dev/random', '/proc/self/mounts', '/proc/self/exe'];
      return [...files.map((file) => openSync(file, 'r')), 1_000_000].map(attempt);
    });
    expect(told).toEqual([
      'watched',
      'watched',
      ['EPERM', 'epoll_ctl', 'cannot watch it: Operation not permitted (EPERM)'],
      ['EBADF', 'epoll_ctl', 'cannot watch it: Bad file descriptor (EBADF)'],
    ]);
  });

  it('that is watched twice is refused, under another number it is not', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const { openSync } = process.getBuiltinModule('node:fs');
      const loop = new EpollLoop();
      const other = new EpollLoop();
      const told: unknown[] = [];
      const [near, far] = descriptors.socketPair();
      loop.add(near, POLLIN, () => told.push('first'));
      other.add(near, POLLIN, () => told.push('other'));
      try {
        loop.add(near, POLLIN, () => told.push('second'));
      } catch (error) {
        told.push((error as Error).message.replace(/\d+/, 'N'));
      }
      descriptors.write(far, Buffer.from('x'));
      told.push(loop.runOnce(), other.runOnce());
      told.push(openSync('/dev/null', 'r') > 0);
      return told;
    });
    expect(told).toEqual(['descriptor N is watched already', 'first', 'other', 1, 1, true]);
  });

  it('can be added, changed and destroyed inside any call-back', async () => {
    const told = await returned(({ EpollLoop, POLLIN, POLLOUT, descriptors }) => {
      const problems: string[] = [];
      let calls = 0;
      for (let round = 0; round < 200; round++) {
        const loop = new EpollLoop();
        const alive = new Map<number, ReturnType<typeof loop.add>>();
        const enough = calls + 30;
        const end = (fd: number) => {
          alive.get(fd)?.destroy();
          alive.delete(fd);
          descriptors.close(fd);
        };
        const add = (depth: number) => {
          const [near, far] = descriptors.socketPair();
          descriptors.write(far, Buffer.from('x'));
          descriptors.close(far);
          const own = loop.add(near, POLLIN, (revents) => {
            calls++;
            if (alive.get(near) !== own) problems.push('called after destroy');
            if ((revents & POLLIN) === 0) problems.push(`revents ${revents}`);
            // By turns itself, one of before, and one of after; its number is free again at once.
            const all = [...alive.keys()];
            end(all[(round * 7 + depth) % all.length] ?? near);
            if (calls < enough) add(depth + 1);
            if (calls < enough && round % 3 === 0) loop.pollJobAdd(() => add(depth + 1));
            for (const handle of alive.values()) handle.modify(POLLIN | ((round % 2) * POLLOUT));
          });
          alive.set(near, own);
        };
        for (let count = 0; count < 3; count++) add(0);
        while (loop.alive) loop.runOnce(0, 1 + (round % 4));
        if (alive.size > 0) problems.push('it is over too early');
      }
      return [calls >= 200 * 30, problems];
    });
    expect(told).toEqual([true, []]);
  });
});

describe('a timer', () => {
  it('comes once, or again and again, and tells how often it was missed', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const told: Record<string, unknown> = {};
      const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      const start = performance.now();
      const once = loop.timer({ afterMs: 20 }, (expirations) => {
        told['once'] = expirations;
        told['not early'] = performance.now() - start >= 20;
      });
      told['active'] = [once.active, loop.alive];
      while (loop.alive) loop.runOnce(-1);
      told['over'] = [once.active, loop.runOnce(30)];

      const counts: number[] = [];
      const every = loop.timer({ everyMs: 10 }, (expirations) => counts.push(expirations));
      loop.runOnce(-1);
      told['every'] = (counts[0] ?? 0) >= 1;
      wait(100);
      loop.runOnce();
      told['missed'] = (counts[1] ?? 0) >= 9;
      told['still active'] = every.active;
      every.close();

      // The first time and the others differ.
      const since = performance.now();
      const times: number[] = [];
      const both = loop.timer({ afterMs: 40, everyMs: 5 }, () => times.push(performance.now()));
      while (times.length < 4) loop.runOnce(-1);
      told['after'] = (times[0] ?? 0) - since >= 40;
      told['the others'] = (times[3] ?? 0) - since >= 55;
      both.close();

      const now = loop.timer({ afterMs: 0 }, (expirations) => {
        told['at once'] = expirations;
      });
      loop.runOnce(-1);
      now.close();
      let fine = 0;
      const fraction = loop.timer({ afterMs: 0.5, everyMs: 0.25 }, (expirations) => {
        fine += expirations;
      });
      wait(10);
      loop.runOnce(-1);
      told['fractions'] = fine >= 38;
      fraction.close();
      const far = loop.timer({ afterMs: 0x7fffffff, everyMs: 0x7fffffff }, () => {});
      told['far'] = [loop.runOnce(20), far.active];
      loop.close();
      return told;
    });
    expect(told).toEqual({
      once: 1,
      'not early': true,
      active: [true, true],
      over: [false, 0],
      every: true,
      missed: true,
      'still active': true,
      after: true,
      'the others': true,
      'at once': 1,
      fractions: true,
      far: [0, true],
    });
  });

  it('can be set anew and cleared, before its time, after it, and in its own call-back', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const told: unknown[] = [];
      const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      let calls = 0;
      const timer = loop.timer({ afterMs: 1 }, () => {
        calls++;
        if (calls === 1) timer.set({ afterMs: 1 });
        if (calls === 2) timer.set({ everyMs: 1 });
        if (calls === 5) timer.clear();
      });
      while (loop.alive) loop.runOnce(-1);
      told.push(calls, timer.active);
      timer.clear();
      timer.set({ afterMs: 1 });
      wait(5);
      // Its time has passed, but it is taken back before anybody was told.
      timer.clear();
      told.push(loop.runOnce(20), loop.alive);
      timer.set({ afterMs: 1 });
      wait(5);
      timer.set({ afterMs: 30 });
      told.push(loop.runOnce(), timer.active, loop.runOnce(-1), calls);
      timer.set({ everyMs: 1 });
      timer.set({ afterMs: 2 });
      told.push(loop.runOnce(-1), loop.runOnce(20), timer.active);
      timer.close();
      timer.close();
      timer.clear();
      told.push(timer.ref() === timer, timer.unref() === timer, timer.active);
      try {
        timer.set({ afterMs: 1 });
      } catch (error) {
        told.push((error as Error).message);
      }
      const last = loop.timer({ everyMs: 1 }, () => {
        last.close();
        told.push('closed inside');
      });
      told.push(loop.runOnce(-1), loop.runOnce(10), loop.alive);
      return told;
    });
    const once = [5, false, 0, false, 0, true, 1, 6, 1, 0, false];
    const after = [true, true, false, 'the timer is closed', 'closed inside', 1, 0, false];
    expect(told).toEqual([...once, ...after]);
  });

  it('keeps the loop going while it is set and ref’d', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      const timer = loop.timer({ afterMs: 10_000 }, () => {});
      const told = [loop.alive];
      const and = (run: () => unknown) => {
        run();
        told.push(loop.alive);
      };
      and(() => timer.unref());
      and(() => timer.set({ afterMs: 20_000 }));
      and(() => timer.ref());
      and(() => timer.clear());
      and(() => timer.set({ everyMs: 20_000 }));
      and(() => timer.unref().ref().unref());
      and(() => timer.ref());
      and(() => timer.close());
      return told;
    });
    expect(told).toEqual([true, false, false, true, false, true, false, true, false]);
  });

  it('that is always late starves nobody', async () => {
    const told = await returned(({ EpollLoop, POLLIN, descriptors }) => {
      const loop = new EpollLoop();
      const served = [0, 0];
      const hot = [0, 1].map(() => loop.timer({ everyMs: 0.001 }, () => {}));
      const [near, far] = descriptors.socketPair();
      descriptors.write(far, Buffer.from('x'));
      loop.add(near, POLLIN, () => {
        served[0] = (served[0] ?? 0) + 1;
      });
      loop.timer({ everyMs: 1 }, () => {
        served[1] = (served[1] ?? 0) + 1;
      });
      while (served.some((times) => times < 30)) loop.runOnce(-1, 1);
      for (const timer of hot) timer.close();
      loop.close();
      return true;
    });
    expect(told).toBe(true);
  });

  it('by the thousand come in the order of their times', async () => {
    const told = await returned(({ EpollLoop }) => {
      const loop = new EpollLoop();
      let came = 0;
      let early = 0;
      for (let count = 0; count < 1000; count++) {
        const afterMs = (count * 37) % 100;
        const due = performance.now() + afterMs;
        const timer = loop.timer({ afterMs }, () => {
          came++;
          if (performance.now() < due) early++;
          timer.close();
        });
      }
      while (loop.alive) loop.runOnce(-1, 5);
      return [came, early];
    });
    expect(told).toEqual([1000, 0]);
  });
});
