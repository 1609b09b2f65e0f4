// The adapters that are tested in every runtime, by name, and the suite of the poll contract over
// each of them.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { epollPoll } from '@coroipc/adapter-epoll';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { rxPoll } from '@coroipc/adapter-rxjs';
import { threadPoll } from '@coroipc/core';
import { pollConformance } from '@coroipc/core/testing';
import { epollsOn } from '../conformance/epolls.mjs';
import { runProgram } from '../conformance/run-script.mjs';
import { command, isNode } from './runtime.mjs';

const PLAY = fileURLToPath(new URL('play.mjs', import.meta.url));

export const adapters = {
  thread: threadPoll,
  ...epollsOn(threadPoll),
  'rxjs on thread': () => rxPoll({ source: threadPoll() }),
  'rxjs on epoll': () => rxPoll({ source: epollPoll() }),
  ...(isNode ? { libuv: libuvPoll } : {}),
};

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);

function player(adapter) {
  const [program, ...options] = command;
  return (scenario) => runProgram(program, [...options, PLAY, adapter, scenario]);
}

/** The suite over one adapter, as tests by name. */
export function conformance(adapter) {
  const tests = {};
  const test = (name, run) => {
    tests[name] = run;
  };
  pollConformance(adapter, adapters[adapter], { test }, { descriptors, scenario: player(adapter) });
  return tests;
}
