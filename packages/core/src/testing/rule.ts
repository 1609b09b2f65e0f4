import type { Stage } from './stage.js';

/** One test of the suite: the number of the rule of the poll contract, and what it shows. */
export interface RuleTest {
  readonly rule: number;
  readonly shows: string;
  run(stage: Stage): Promise<void>;
}
