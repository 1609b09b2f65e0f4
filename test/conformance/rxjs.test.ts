// The suite over rxPoll: over every source, and through operators that let a readiness out at once,
// at the end of the call-back, and in later turns.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { type Readiness, rxPoll } from '@coroipc/adapter-rxjs';
import { threadPoll } from '@coroipc/core';
import { pollConformance, turnedPoll } from '@coroipc/core/testing';
import {
  asapScheduler,
  asyncScheduler,
  delay,
  type MonoTypeOperatorFunction,
  observeOn,
} from 'rxjs';
import { test } from 'vitest';
import { descriptors, player } from './scenes.js';

const SOURCES = { libuv: libuvPoll, thread: threadPoll, hand: turnedPoll };
const OPERATORS: Record<string, MonoTypeOperatorFunction<Readiness>[]> = {
  plain: [],
  asap: [observeOn(asapScheduler)],
  async: [observeOn(asyncScheduler)],
  delay: [delay(2)],
};

for (const [source, makeSource] of Object.entries(SOURCES)) {
  for (const [words, [operator]] of Object.entries(OPERATORS)) {
    const name = `rxjs(${source}) ${words}`;
    const options = operator === undefined ? {} : { operator };
    const make = () => rxPoll({ source: makeSource(), ...options });
    pollConformance(name, make, { test }, { descriptors, scenario: player(name, 'main') });
  }
}
