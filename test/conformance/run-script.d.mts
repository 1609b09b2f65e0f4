import type { ScenarioOutcome } from '@coroipc/core/testing';

/** Runs a script of this folder until it ends, or for a minute. */
export function runScript(script: string, ...args: string[]): Promise<ScenarioOutcome>;

/** The same with a limit of one's own. */
export function runScriptWithin(
  patienceMs: number,
  script: string,
  ...args: string[]
): Promise<ScenarioOutcome>;
