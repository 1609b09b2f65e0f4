// Wrong arguments to the adapters and to poll(): a clear error, and everything works on.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { rxPoll } from '@coroipc/adapter-rxjs';
import { POLLHUP, POLLIN, POLLNVAL, POLLOUT, poll, threadPoll } from '@coroipc/core';
import { delay } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { descriptors as io } from './scenes.js';

const nothing = (): void => {};

const rxjs = () => rxPoll({ source: libuvPoll() });
const delayed = () => rxPoll({ source: threadPoll(), operator: delay(1) });

describe.each([libuvPoll, threadPoll, rxjs, delayed])('%o', (makeAdapter) => {
  test('descriptors and call-backs of every kind', () => {
    const adapter = makeAdapter();
    for (const add of ['pollAcceptAdd', 'pollDispatchAdd'] as const) {
      for (const fd of ['0', null, undefined, {}, 1n]) {
        expect(() => adapter[add](fd as number, nothing)).toThrow(TypeError);
      }
      for (const fd of [-1, 0.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
        expect(() => adapter[add](fd, nothing)).toThrow(RangeError);
      }
      for (const onReady of [undefined, null, 'f', {}]) {
        expect(() => adapter[add](0, onReady as () => void)).toThrow(TypeError);
      }
      expect(() => adapter[add](2 ** 31 - 1, nothing)).toThrow(/2147483647/);
    }
    expect(() => adapter.pollJobAdd(5 as never)).toThrow(TypeError);
  });

  test('events of every kind, and a handle that was destroyed', () => {
    const [near, far] = io.socketPair();
    const handle = makeAdapter().pollDispatchAdd(near, nothing);
    for (const events of ['1', null, undefined, {}]) {
      expect(() => handle.modify(events as number)).toThrow(TypeError);
    }
    for (const events of [-1, 0.5, Number.NaN, 0x40, 2, 2 ** 32 + 1]) {
      expect(() => handle.modify(events)).toThrow(RangeError);
    }
    handle.modify(POLLIN | POLLOUT | POLLNVAL);
    handle.destroy();
    expect(() => handle.modify(POLLIN)).toThrow(`descriptor ${near} was destroyed`);
    expect(handle.ref().unref()).toBe(handle);
    handle.destroy();
    io.close(near);
    io.close(far);
  });
});

describe('poll()', () => {
  test('says what each descriptor is ready for', () => {
    const [near, far] = io.socketPair();
    expect(poll([], 0)).toEqual([]);
    expect(poll([{ fd: near, events: POLLIN }], 0)).toEqual([0]);
    expect(poll([{ fd: near, events: POLLIN }], 5)).toEqual([0]);
    io.write(far, Uint8Array.of(1));
    const both = [
      { fd: far, events: POLLIN },
      { fd: near, events: POLLIN | POLLOUT },
    ];
    expect(poll(both, -1)).toEqual([0, POLLIN | POLLOUT]);
    io.close(far);
    expect(poll(both, -1)).toEqual([POLLNVAL, POLLIN | POLLOUT | POLLHUP]);
    io.close(near);
  });

  test('arguments of every kind', () => {
    for (const fds of [undefined, null, 'x', {}, 5]) {
      expect(() => poll(fds as never)).toThrow(TypeError);
    }
    expect(() => poll([undefined as never])).toThrow(TypeError);
    expect(() => poll([{ fd: -1, events: 0 }])).toThrow(RangeError);
    expect(() => poll([{ fd: 0, events: 0x10000 }])).toThrow(RangeError);
    expect(() => poll([{ fd: 0 } as never])).toThrow(TypeError);
    expect(() => poll([], Number.NaN)).toThrow(RangeError);
    expect(() => poll([], 'x' as never)).toThrow(TypeError);
  });
});
