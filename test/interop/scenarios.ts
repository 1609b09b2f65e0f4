// What every pair of client and server has to be able to do, as lists of scenarios: one list for
// calls, one for bursts. The tests go through them with each pair.

import { expect } from 'vitest';
import type { ClientFlags, Ended } from './peers.js';

const MIB = 1024 * 1024;

/** The largest bodies that fit into buffers of 1 MiB. */
export const LARGEST_REQUEST = MIB - 24;
export const LARGEST_RESPONSE = MIB - 24;

export interface CallScenario {
  readonly play: string;
  readonly calls: number;
  readonly flags?: ClientFlags;
}

const echo = (size: number, count: number): CallScenario => ({
  play: `echo ${size} ${count}`,
  calls: count,
});

export const CALLS: readonly CallScenario[] = [
  echo(0, 50),
  echo(1, 50),
  echo(7, 50),
  echo(8, 50),
  echo(100, 1000),
  echo(4096, 200),
  echo(LARGEST_RESPONSE - 1, 3),
  echo(LARGEST_RESPONSE, 3),
  { play: `sum ${LARGEST_REQUEST} 3`, calls: 3 },
  { play: 'sum 0 3', calls: 3 },
  { play: 'echo 100 20', calls: 20, flags: { service: 65535 } },
  { play: 'echo 4072 20', calls: 20, flags: { request: 4096, response: 4096, dispatch: 4096 } },
];

export interface BurstScenario {
  readonly play: string;
  readonly dispatches: number;
  readonly flags?: ClientFlags;
  /** One message is larger than half the ring: the original libraries stall between them. */
  readonly aboveHalf?: boolean;
  /** The messages fill the ring to its last byte, where the server of 1.2 loses them. */
  readonly fills?: boolean;
}

const small: ClientFlags = { dispatch: 4096 };

const burst = (
  count: number,
  size: number,
  thinkUs = 0,
  more: Omit<BurstScenario, 'play' | 'dispatches'> = {},
): BurstScenario => ({
  play: `burst ${count} ${size} ${thinkUs}`,
  dispatches: count,
  ...more,
});

export const BURSTS: readonly BurstScenario[] = [
  burst(1, 24),
  burst(12, 500),
  burst(3000, 24),
  burst(3000, 25),
  burst(3000, 31, 0, { flags: small }),
  burst(1500, 4008),
  burst(1500, 4001),
  burst(400, 4001, 200),
  burst(3000, 500, 0, { flags: small }),
  burst(500, 1001, 100, { flags: small }),
  burst(2000, 128, 0, { flags: small, fills: true }),
  burst(400, 4096, 500, { fills: true }),
  burst(30, 300_001),
  burst(200, 2040, 500, { flags: small }),
  burst(12, 600_000, 0, { aboveHalf: true }),
  burst(12, 600_000, 2000, { aboveHalf: true }),
  burst(100, 3001, 2000, { aboveHalf: true, flags: small }),
  burst(100, 4000, 0, { aboveHalf: true, flags: small }),
];

/** The scenario with the program's other ways to read mixed into its flags. */
export const readingBy = (scenario: BurstScenario, reader: ClientFlags['reader']): ClientFlags => ({
  ...scenario.flags,
  ...(reader === undefined ? {} : { reader }),
});

/** The client ended as it should, after exactly so much. */
export function expectPlayed(
  ended: Ended,
  expected: { calls?: number; dispatches?: number; status?: number; events?: string },
): void {
  expect(ended.report ?? ended, ended.errors).toMatchObject({ ok: true, ...expected });
  expect(ended.code).toBe(0);
}
