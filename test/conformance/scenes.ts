// The descriptors of the tests, and the playing of the suite's scenarios in child processes.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { PollDescriptors, PollScenario, ScenarioOutcome } from '@coroipc/core/testing';

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
) as PollDescriptors;

const PATIENCE_MS = 60_000;

/** Runs a script of this folder until it ends. */
export function runScript(script: string, ...args: string[]): Promise<ScenarioOutcome> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode) => resolve({ exitCode, output }));
  });
}

/** Plays scenarios with the adapter of that name, in the main thread or in a worker. */
export function player(
  adapter: string,
  where: 'main' | 'worker',
): (scenario: PollScenario) => Promise<ScenarioOutcome> {
  return (scenario) => runScript('play.mjs', adapter, scenario, where);
}
