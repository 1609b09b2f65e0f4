// The suite of the poll contract over each of the adapters.

import { fileURLToPath } from 'node:url';
import { pollConformance } from '@coroipc/core/testing';
import { runProgram } from '../conformance/run-script.mjs';
import { descriptors } from './adapters.mjs';
import { command } from './runtime.mjs';
import { adapters } from './rx-adapters.mjs';

const PLAY = fileURLToPath(new URL('play.mjs', import.meta.url));

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
