// The adapters that are tested in every runtime, by name, and the suite of the poll contract over
// each of them.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { threadPoll } from '@coroipc/core';
import { pollConformance } from '@coroipc/core/testing';
import { epollsOn } from '../conformance/epolls.mjs';
import { command, isNode } from './runtime.mjs';

const PLAY = fileURLToPath(new URL('play.mjs', import.meta.url));
const PATIENCE_MS = 60_000;

export const adapters = {
  thread: threadPoll,
  ...epollsOn(threadPoll),
  ...(isNode ? { libuv: libuvPoll } : {}),
};

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);

function player(adapter) {
  return (scenario) => {
    const [program, ...options] = command;
    const child = spawn(program, [...options, PLAY, adapter, scenario], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (exitCode) => resolve({ exitCode, output }));
    });
  };
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
