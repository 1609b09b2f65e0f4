// The ends of epoll loops: closed inside every kind of call-back, used after it, dropped and
// collected, out of descriptors.

import { describe, expect, it } from 'vitest';
import { Child } from './child.js';
import { returned } from './returned.js';

describe('close', () => {
  it.each(['step', 'run', 'nested', 'thread'] as const)(
    'inside every kind of call-back silences all others (%s)',
    async (way) => {
      const told = await returned(async (tools, way: string) => {
        const { EpollLoop, POLLIN, descriptors, libuvPoll, threadPoll, sleep } = tools;
        const problems: string[] = [];
        process.on('SIGUSR2', () => {});
        for (const closer of ['descriptor', 'timer', 'every', 'signal', 'job', 'inner']) {
          const loop = new EpollLoop();
          let closed = false;
          const called = (name: string) => () => {
            if (closed) problems.push(`${name} after ${closer}`);
            if (name === closer) {
              loop.close();
              closed = true;
            }
          };
          const [near, far] = descriptors.socketPair();
          descriptors.write(far, Buffer.from('x'));
          const handles = [loop.add(near, POLLIN, called('descriptor'))];
          const timers = [
            loop.timer({ afterMs: 0 }, called('timer')),
            loop.timer({ everyMs: 1 }, called('every')),
          ];
          const signal = loop.signal('SIGUSR2', called('signal'));
          process.kill(process.pid, 'SIGUSR2');
          loop.pollJobAdd(called('job'));
          const inner = new EpollLoop();
          const attachment = inner.attach(loop);
          inner.timer({ everyMs: 1 }, called('inner'));
          if (way === 'nested') loop.attach(libuvPoll());
          if (way === 'thread') loop.attach(threadPoll());
          if (way === 'run') await loop.run();
          while (!closed) {
            if (way === 'step') loop.runOnce(1, 2);
            await sleep(0);
          }
          await sleep(3);
          // Whatever is left of it does nothing, or says why.
          for (const each of [...handles, ...timers, signal]) each.ref().unref();
          for (const handle of handles) handle.modify(POLLIN);
          for (const each of [...timers, signal]) each.close();
          for (const handle of handles) handle.destroy();
          attachment.detach();
          inner.close();
          loop.close();
          if (loop.alive || !loop.closed) problems.push(`${closer}: it is still alive`);
          descriptors.close(near);
          descriptors.close(far);
        }
        process.removeAllListeners('SIGUSR2');
        return problems;
      }, way);
      expect(told).toEqual([]);
    },
  );

  it('gives every descriptor back, and the loop then refuses by name', async () => {
    const told = await returned(async ({ EpollLoop, POLLIN, descriptors }) => {
      const { readdirSync } = process.getBuiltinModule('node:fs');
      const held = () => readdirSync('/proc/self/fd').length;
      const [near] = descriptors.socketPair();
      const before = held();
      const outer = new EpollLoop();
      const loop = new EpollLoop();
      loop.add(near, POLLIN, () => {});
      loop.timer({ everyMs: 1 }, () => {});
      const timer = loop.timer({ everyMs: 1 }, () => {});
      loop.signal('SIGHUP', () => {});
      loop.attach(outer);
      const during = held();
      loop[Symbol.dispose]();
      outer.close();
      const refusals: Record<string, string> = {};
      const calls: Record<string, () => unknown> = {
        fd: () => loop.fd,
        add: () => loop.add(near, POLLIN, () => {}),
        pollAcceptAdd: () => loop.pollAcceptAdd(near, () => {}),
        pollDispatchAdd: () => loop.pollDispatchAdd(near, () => {}),
        pollJobAdd: () => loop.pollJobAdd(() => {}),
        timer: () => loop.timer({ afterMs: 1 }, () => {}),
        set: () => timer.set({ afterMs: 1 }),
        signal: () => loop.signal('SIGHUP', () => {}),
        runOnce: () => loop.runOnce(),
        run: () => loop.run(),
        attach: () => loop.attach(new EpollLoop()),
        attached: () => outer.attach(new EpollLoop()),
      };
      for (const [name, call] of Object.entries(calls)) {
        try {
          await call();
          refusals[name] = 'nothing';
        } catch (error) {
          refusals[name] = (error as Error).message;
        }
      }
      const quiet = [loop.close(), loop.stop(), EpollLoop.stop(loop.id), loop.alive, loop.closed];
      return [during - before, held() - before, refusals, quiet.slice(2)];
    });
    const [taken, left, refusals, quiet] = told as [number, number, object, unknown];
    // Two loops of two, two timers, a signal's pipe of two.
    expect(taken).toBe(8);
    // The two loops that were made for `attach` to refuse.
    expect(left).toBe(4);
    expect(quiet).toEqual([false, false, true]);
    const { set, ...others } = refusals as Record<string, string>;
    expect(set).toBe('the timer is closed');
    expect(new Set(Object.values(others))).toEqual(new Set(['the loop is closed']));
  });
});

it('loops, timers, signals and attachments that are dropped cost nothing but themselves', async () => {
  const child = Child.start(
    async ({ EpollLoop, POLLIN, descriptors, epollPoll, libuvPoll, sleep }) => {
      const collect = globalThis.gc as () => void;
      const kept: { calls: number } = { calls: 0 };
      for (let round = 0; round < 60; round++) {
        const loop = new EpollLoop();
        const [near, far] = descriptors.socketPair();
        descriptors.write(far, Buffer.from('x'));
        loop.add(near, POLLIN, () => {
          kept.calls++;
        });
        loop.timer({ everyMs: 1 }, () => {
          kept.calls++;
        });
        if (round % 5 === 0) loop.attach(libuvPoll());
        if (round % 5 === 1) new EpollLoop().attach(loop);
        if (round % 5 === 2) loop.runOnce(2);
        if (round % 5 === 3) {
          const running = loop.run();
          loop.timer({ afterMs: 2 }, () => loop.close());
          collect();
          await running;
        }
        if (round % 5 === 4)
          epollPoll()
            .pollDispatchAdd(near, () => {})
            .unref();
        collect();
        await sleep(0);
      }
      const calls = kept.calls;
      while (kept.calls < calls + 100) await sleep(1);
      // The loops in libuv are still at it.
      process.exit(7);
    },
    {},
    { node: ['--expose-gc'] },
  );
  expect(await child.ended()).toMatchObject({ outcome: 7, errors: '' });
});

it('without a descriptor left says so, and holds nothing of what failed', async () => {
  const told = await returned(({ EpollLoop, descriptors, epollPoll }) => {
    const { openSync, closeSync, readdirSync } = process.getBuiltinModule('node:fs');
    const loop = new EpollLoop();
    const [near] = descriptors.socketPair();
    const fillers: number[] = [];
    const fill = () => {
      try {
        for (;;) fillers.push(openSync('/dev/null', 'r'));
      } catch {
        // None is left.
      }
    };
    const codes: unknown[] = [];
    const attempt = (free: number, run: () => unknown) => {
      fill();
      for (let count = 0; count < free; count++) closeSync(fillers.pop() ?? -1);
      try {
        run();
        codes.push('it worked');
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code ?? String(error));
      }
    };
    for (const free of [0, 1]) attempt(free, () => new EpollLoop());
    attempt(0, () => loop.timer({ afterMs: 1 }, () => {}));
    for (const free of [0, 1]) attempt(free, () => loop.signal('SIGUSR2', () => {}));
    for (const free of [0, 1]) attempt(free, () => epollPoll().pollDispatchAdd(near, () => {}));
    // A failed signal was not taken: with room it works.
    attempt(4, () => loop.signal('SIGUSR2', () => {}));
    while (fillers.length > 0) closeSync(fillers.pop() ?? -1);
    const before = readdirSync('/proc/self/fd').length;
    loop.close();
    loop.close();
    const failing = readdirSync('/proc/self/fd').length;
    loop.stop();
    return [codes, before - failing, loop.closed];
  });
  expect(told).toEqual([[...Array(7).fill('EMFILE'), 'it worked'], 4, true]);
});
