// What operators do to a readiness, over a source that is turned by hand, and over timers that are.

import { createRequire } from 'node:module';
import { POLLHUP, POLLIN, POLLNVAL, POLLOUT } from '@coroipc/core';
import { type HandPoll, handPoll, type PollDescriptors } from '@coroipc/core/testing';
import {
  asapScheduler,
  concatMap,
  debounceTime,
  defer,
  delay,
  filter,
  finalize,
  map,
  mergeMap,
  type OperatorFunction,
  observeOn,
  of,
  take,
  tap,
  throwError,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Readiness, type RxPoll, rxPoll } from './rx-poll.js';

const io = createRequire(import.meta.url)(
  '../../../build/Release/coroipc_test_descriptors.node',
) as PollDescriptors;

const uncaught: unknown[] = [];
const open: number[] = [];
let others: NodeJS.UncaughtExceptionListener[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
});

afterEach(() => {
  vi.useRealTimers();
  process.removeAllListeners('uncaughtException');
  for (const other of others) process.on('uncaughtException', other);
  for (const fd of open.splice(0)) io.close(fd);
  const all = uncaught.splice(0);
  expect(all).toEqual([]);
});

/** The uncaught exceptions so far. */
async function told(): Promise<unknown[]> {
  await new Promise((resolve) => process.nextTick(resolve));
  await Promise.resolve();
  return uncaught.splice(0);
}

function pair(): [near: number, far: number] {
  const both = io.socketPair();
  open.push(...both);
  return both;
}

function ready(): number {
  const [near, far] = pair();
  io.write(far, Uint8Array.of(1));
  return near;
}

type Operator = OperatorFunction<Readiness, Readiness>;

function wrapped(operator?: Operator): { hand: HandPoll; poll: RxPoll; offered: number[] } {
  const hand = handPoll();
  const offered: number[] = [];
  const count = tap<Readiness>(({ fd }) => offered.push(fd));
  const all: Operator = (source) =>
    operator === undefined ? source.pipe(count) : source.pipe(count, operator);
  return { hand, poll: rxPoll({ source: hand, operator: all }), offered };
}

function watch(poll: RxPoll, fd: number, seen: number[] = []) {
  const handle = poll.pollDispatchAdd(fd, (revents) => void seen.push(revents));
  return { handle, seen };
}

describe('rxPoll', () => {
  it('is named after its source, and hands jobs to it', () => {
    const { hand, poll } = wrapped();
    expect(poll.name).toBe('rxjs(hand)');
    let ran = false;
    poll.pollJobAdd(() => {
      ran = true;
    });
    expect(hand.turn()).toBe(1);
    expect(ran).toBe(true);
  });

  it('delivers in the same turn what comes out at once', () => {
    const { hand, poll } = wrapped(filter(() => true));
    const { seen } = watch(poll, ready());
    for (let turn = 0; turn < 3; turn += 1) hand.turn();
    expect(seen).toEqual([POLLIN, POLLIN, POLLIN]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('offers nothing more while a readiness is on its way, hang-up included', () => {
    const { hand, poll, offered } = wrapped(delay(5));
    const [near, far] = pair();
    const { seen } = watch(poll, near);
    watch(poll, ready());
    const quiet = watch(poll, pair()[0]);
    io.close(far);
    open.splice(open.indexOf(far), 1);
    for (let turn = 0; turn < 100; turn += 1) hand.turn();
    expect(offered.length).toBe(2);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(seen).toEqual([POLLIN | POLLHUP]);
    hand.turn();
    vi.advanceTimersByTime(5);
    expect(seen).toEqual([POLLIN | POLLHUP, POLLIN | POLLHUP]);
    expect(quiet.seen).toEqual([]);
  });

  it('looks again, ever later, where the operator drops what it gets', () => {
    const { hand, poll, offered } = wrapped(filter(() => false));
    const { seen } = watch(poll, ready());
    const turns = (ms: number): number => {
      for (let left = ms; left > 0; left -= 1) {
        hand.turn();
        vi.advanceTimersByTime(1);
      }
      return offered.splice(0).length;
    };
    // At 0, 10, 30, 70, 150, 310 and 630 ms, and then every second.
    expect(turns(1000)).toBe(7);
    turns(10_000);
    expect(turns(10_000)).toBe(10);
    expect(seen).toEqual([]);
  });

  it('delivers from an operator that waits until nothing more comes', () => {
    const { hand, poll } = wrapped(debounceTime(50));
    const { seen } = watch(poll, ready());
    for (let ms = 0; ms < 1000; ms += 1) {
      hand.turn();
      vi.advanceTimersByTime(1);
    }
    expect(seen.length).toBeGreaterThan(1);
  });

  it('delivers from an operator that bounds how much is in work', () => {
    const { hand, poll } = wrapped(concatMap((readiness) => of(readiness).pipe(delay(3))));
    const all = Array.from({ length: 5 }, () => watch(poll, ready()));
    for (let ms = 0; ms < 100; ms += 1) {
      hand.turn();
      vi.advanceTimersByTime(1);
    }
    for (const { seen } of all) expect(seen.length).toBeGreaterThan(1);
  });

  it('reads the interest at delivery, and is silent after destroy', () => {
    const { hand, poll } = wrapped(delay(5));
    const [one, two, three] = [watch(poll, ready()), watch(poll, ready()), watch(poll, ready())];
    hand.turn();
    one.handle.modify(POLLOUT);
    two.handle.destroy();
    three.handle.modify(POLLIN | POLLOUT);
    vi.advanceTimersByTime(5);
    hand.turn();
    vi.advanceTimersByTime(5);
    expect(one.seen).toEqual([POLLOUT]);
    expect(two.seen).toEqual([]);
    expect(three.seen).toEqual([POLLIN, POLLIN | POLLOUT]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps the watches of a descriptor's number apart, and refuses a second while one rests", () => {
    const { hand, poll } = wrapped(delay(5));
    const fd = ready();
    const old = watch(poll, fd);
    hand.turn();
    expect(() => poll.pollDispatchAdd(fd, () => {})).toThrow('is watched already');
    expect(() => poll.pollAcceptAdd(fd, () => {})).toThrow('is watched already');
    old.handle.destroy();
    const fresh = watch(poll, fd);
    fresh.handle.modify(POLLOUT);
    vi.advanceTimersByTime(5);
    expect([old.seen, fresh.seen]).toEqual([[], []]);
    hand.turn();
    vi.advanceTimersByTime(5);
    expect([old.seen, fresh.seen]).toEqual([[], [POLLOUT]]);
  });

  it('delivers spurious ones of an operator that repeats, masked by the interest', () => {
    const twice = mergeMap((readiness: Readiness) =>
      of(readiness, { ...readiness, revents: 0x7f }),
    );
    const { hand, poll } = wrapped(twice);
    const { seen } = watch(poll, ready());
    hand.turn();
    expect(seen).toEqual([POLLIN, POLLIN | POLLHUP | POLLNVAL | 0x08]);
  });

  it('tells of an operator that fails or completes, and applies it anew', async () => {
    let fault = true;
    const failing = map((readiness: Readiness) => {
      fault = !fault;
      if (!fault) throw new Error('of the operator');
      return readiness;
    });
    for (const operator of [failing, take<Readiness>(1)]) {
      const { hand, poll } = wrapped(operator);
      const { seen } = watch(poll, ready());
      for (let ms = 0; ms < 100; ms += 1) {
        hand.turn();
        vi.advanceTimersByTime(1);
      }
      expect(seen.length).toBeGreaterThan(2);
    }
    const errors = await told();
    expect(errors.length).toBeGreaterThan(2);
    expect(errors[0]).toEqual(new Error('of the operator'));
  });

  it('survives operators that are none', async () => {
    const nonsense: Operator[] = [
      () => {
        throw new Error('not applied');
      },
      () => throwError(() => new Error('failed at once')),
      () => undefined as never,
      map(() => undefined as never),
      map(() => ({ fd: 1 }) as never),
    ];
    for (const operator of nonsense) {
      const { hand, poll } = wrapped(operator);
      const { seen } = watch(poll, ready());
      for (let turn = 0; turn < 100; turn += 1) hand.turn();
      expect(seen).toEqual([]);
      expect((await told()).length, String(operator)).toBe(1);
    }
  });

  it("keeps a call-back's exception out of the pipeline", async () => {
    let subscriptions = 0;
    let ends = 0;
    const counting: Operator = (source) =>
      defer(() => {
        subscriptions += 1;
        return source.pipe(
          observeOn(asapScheduler),
          finalize(() => {
            ends += 1;
          }),
        );
      });
    const { hand, poll } = wrapped(counting);
    poll.pollDispatchAdd(ready(), () => {
      throw new Error('of a call-back');
    });
    const { seen } = watch(poll, ready());
    for (let turn = 0; turn < 3; turn += 1) {
      hand.turn();
      await Promise.resolve();
    }
    expect(seen).toEqual([POLLIN, POLLIN, POLLIN]);
    expect([subscriptions, ends]).toEqual([1, 0]);
    expect(await told()).toEqual(Array(3).fill(new Error('of a call-back')));
  });

  it('lets others look on at what was delivered, whatever they do', async () => {
    const { hand, poll } = wrapped(filter(({ revents }) => revents !== POLLOUT));
    const fd = ready();
    const { handle, seen } = watch(poll, fd);
    const looked: Readiness[] = [];
    poll.readiness$.subscribe(() => {
      throw new Error('of an observer');
    });
    poll.readiness$.subscribe((readiness) => looked.push(readiness));
    hand.turn();
    expect(seen).toEqual([POLLIN]);
    expect(looked).toEqual([{ fd, kind: 'dispatch', revents: POLLIN, watch: expect.any(Number) }]);
    handle.modify(POLLOUT);
    hand.turn();
    expect(looked.length).toBe(1);
    expect(() => vi.advanceTimersByTime(0)).toThrow('of an observer');
    hand.turn();
  });

  it('reports a descriptor that cannot be watched again as closed, until destroy', () => {
    const { hand, poll } = wrapped(delay(15));
    const [near, far] = pair();
    const { handle, seen } = watch(poll, near);
    io.close(far);
    hand.turn();
    // The first rest is over in vain; in the next one hang-up costs the source's handle.
    vi.advanceTimersByTime(10);
    hand.turn();
    hand.turn();
    expect(hand.pending).toBe(false);
    io.close(near);
    open.splice(0);
    vi.advanceTimersByTime(200);
    expect(seen.filter((revents) => revents === POLLNVAL).length).toBeGreaterThan(2);
    handle.destroy();
    vi.advanceTimersByTime(15);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses wrong options', () => {
    const source = handPoll();
    for (const options of [undefined, null, 5, []]) {
      expect(() => rxPoll(options as never)).toThrow(/options must be an object/);
    }
    expect(() => rxPoll({} as never)).toThrow(/options.source must be an object, got undefined/);
    expect(() => rxPoll({ source: {} } as never)).toThrow(/options.source.pollAcceptAdd must be/);
    expect(() => rxPoll({ source, operator: 5 } as never)).toThrow(/options.operator must be/);
    for (const restMs of [0, -1, 1.5, Number.NaN, 60_001]) {
      expect(() => rxPoll({ source, restMs })).toThrow(RangeError);
    }
  });
});
