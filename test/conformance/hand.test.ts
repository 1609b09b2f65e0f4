import { POLLHUP, POLLIN, POLLOUT } from '@coroipc/core';
import { handPoll, pollConformance, turnedPoll } from '@coroipc/core/testing';
import { expect, test } from 'vitest';
import { descriptors, player } from './scenes.js';

pollConformance('hand', turnedPoll, { test }, { descriptors, scenario: player('hand', 'main') });

test('hand: nothing happens but in a turn, and a turn delivers what it is told', () => {
  const hand = handPoll();
  const [near, far] = descriptors.socketPair();
  const seen: number[] = [];
  const handle = hand.pollDispatchAdd(near, (revents) => {
    seen.push(revents);
  });
  expect(hand.pending).toBe(true);
  expect(hand.turn()).toBe(0);
  descriptors.write(far, Uint8Array.of(1));
  expect(hand.turn()).toBe(1);
  expect(hand.turn(new Map())).toBe(0);
  expect(hand.turn(new Map([[near, POLLIN | POLLOUT | POLLHUP]]))).toBe(1);
  expect(seen).toEqual([POLLIN, POLLIN | POLLHUP]);
  handle.unref();
  expect(hand.pending).toBe(false);
  hand.pollJobAdd(() => seen.push(-1));
  expect(hand.pending).toBe(true);
  expect(hand.turn(new Map())).toBe(1);
  expect(seen.at(-1)).toBe(-1);
  handle.destroy();
  expect(hand.turn()).toBe(0);
  descriptors.close(near);
  descriptors.close(far);
});
