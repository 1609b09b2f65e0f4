// The conformance suite of the poll contract, for every adapter and for every test runner.

import assert from 'node:assert/strict';
import { setTimeout as hostSleep } from 'node:timers/promises';
import { checkFunction, checkInteger, checkObject, checkOptionalFunction } from '../arguments.js';
import type { PollAdapter } from '../poll/contract.js';
import type { PollDescriptors } from './descriptors.js';
import { hangUpRules } from './hang-up-rules.js';
import { hostRules } from './host-rules.js';
import { lifeRules } from './life-rules.js';
import { manyRules } from './many-rules.js';
import { readinessRules } from './readiness-rules.js';
import type { RuleTest } from './rule.js';
import { type PollScenario, type ScenarioOutcome, scenarios } from './scenarios.js';
import { Stage } from './stage.js';

/** The one thing that is asked of a test runner; those that people use have it. */
export interface ConformanceRunner {
  test(name: string, run: () => Promise<void>): void;
}

/** What the suite needs beside an adapter. */
export interface ConformanceOptions {
  /** Real descriptors to watch. */
  readonly descriptors: PollDescriptors;
  /** How many watches the largest tests have, each over a pair of sockets. Default 2000. */
  readonly watches?: number;
  /**
   * Waits: for a loop that owns its thread, and lets the host's timers run late or not by itself.
   * The loop's own timers are then what rule 12 is tested with, beside the host's. Default: the
   * host's `setTimeout`.
   */
  readonly sleep?: (ms: number) => Promise<void>;
  /** When a test stops waiting for what does not come, and fails. Default 30000. */
  readonly patienceMs?: number;
  /**
   * Plays a scenario with {@link playPollScenario} in a process of its own and tells how that ended.
   * Without it the rules that only show from outside (10, and `ref`) are not tested.
   */
  readonly scenario?: (name: PollScenario) => Promise<ScenarioOutcome>;
}

const DEFAULT_WATCHES = 2000;
const MAX_WATCHES = 100_000;
const DEFAULT_PATIENCE_MS = 30_000;
const MAX_PATIENCE_MS = 0x7fffffff;

const DESCRIPTOR_CALLS = ['socketPair', 'write', 'read', 'close', 'shutdownWrite'] as const;

function check(options: ConformanceOptions): void {
  checkObject('options', options);
  checkObject('options.descriptors', options.descriptors);
  for (const call of DESCRIPTOR_CALLS) {
    checkFunction(`options.descriptors.${call}`, options.descriptors[call]);
  }
  checkOptionalFunction('options.sleep', options.sleep);
  checkOptionalFunction('options.scenario', options.scenario);
}

async function sleepByHost(ms: number): Promise<void> {
  await hostSleep(ms);
}

async function judge(name: PollScenario, play: (name: PollScenario) => Promise<ScenarioOutcome>) {
  const expected = scenarios[name];
  const { exitCode, output } = await play(name);
  const told = `exit code ${exitCode}, output:\n${output}`;
  let from = 0;
  for (const line of expected.output) {
    const at = output.indexOf(line, from);
    assert.ok(at >= 0, `'${line}' is missing: ${told}`);
    from = at + line.length;
  }
  assert.equal(exitCode, expected.exitCode, told);
}

/**
 * Defines the tests of the poll contract for one adapter, one or more for every rule.
 *
 * @param name What the tests are called after: the adapter, and where it runs.
 * @param makeAdapter Makes an adapter for each test.
 * @param runner Where the tests are defined: `{ test }` of a test runner.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { pollConformance } from '@coroipc/core/testing';
 * pollConformance('my loop', () => myPoll(), { test }, { descriptors });
 * ```
 */
export function pollConformance(
  name: string,
  makeAdapter: () => PollAdapter | Promise<PollAdapter>,
  runner: ConformanceRunner,
  options: ConformanceOptions,
): void {
  checkFunction('makeAdapter', makeAdapter);
  checkFunction('runner.test', runner?.test);
  check(options);
  const { descriptors, sleep = sleepByHost } = options;
  const { watches = DEFAULT_WATCHES, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const many = manyRules(checkInteger('options.watches', watches, 1, MAX_WATCHES));
  checkInteger('options.patienceMs', patienceMs, 1, MAX_PATIENCE_MS);
  const rules: RuleTest[] = [
    ...readinessRules,
    ...hangUpRules,
    ...lifeRules,
    ...hostRules,
    ...many,
  ];
  for (const { rule, shows, run } of rules) {
    runner.test(`${name}: rule ${rule}: ${shows}`, async () => {
      const stage = new Stage(await makeAdapter(), descriptors, { sleep, patienceMs });
      try {
        await run(stage);
      } finally {
        stage.clear();
      }
    });
  }
  const { scenario } = options;
  if (scenario === undefined) return;
  for (const [key, { rule, shows }] of Object.entries(scenarios)) {
    runner.test(`${name}: rule ${rule}: ${shows}`, () => judge(key as PollScenario, scenario));
  }
}
