import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from './on-abort.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('has one listener, however many wait, and none when nobody does', () => {
    const { signal } = new AbortController();
    const takeBack = Array.from({ length: 100 }, () => onAbort(signal, () => {}));
    expect(listeners(signal)).toBe(1);
    for (const each of takeBack) each();
    expect(listeners(signal)).toBe(0);
    onAbort(signal, () => {});
    // Of who waited before.
    takeBack[0]?.();
    expect(listeners(signal)).toBe(1);
  });

  it('calls who waits, in order, and nobody who does not', () => {
    const controller = new AbortController();
    const called: number[] = [];
    const takeBack = [1, 2, 3, 4].map((number) =>
      onAbort(controller.signal, () => {
        called.push(number);
        // One may end another.
        if (number === 3) takeBack[3]?.();
      }),
    );
    takeBack[1]?.();
    controller.abort();
    expect(called).toEqual([1, 3]);
    for (const each of takeBack) each();
    expect(listeners(controller.signal)).toBe(0);
  });
});
