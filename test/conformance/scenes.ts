// The descriptors of the tests, and the playing of the suite's scenarios in child processes.

import { createRequire } from 'node:module';
import type { PollDescriptors, PollScenario, ScenarioOutcome } from '@coroipc/core/testing';
import { runScript } from './run-script.mjs';

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
) as PollDescriptors;

export { runScript };

/** Plays scenarios with the adapter of that name, in the main thread or in a worker. */
export function player(
  adapter: string,
  where: 'main' | 'worker',
): (scenario: PollScenario) => Promise<ScenarioOutcome> {
  return (scenario) => runScript('play.mjs', adapter, scenario, where);
}
