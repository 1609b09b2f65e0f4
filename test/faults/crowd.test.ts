// Thousands of handshakes that are begun and never ended, of the server's own user and of another: the
// oldest of that user give way, and whoever comes meanwhile is served.

import { IpcClient } from '@coroipc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Attacker } from './attacker.js';
import { hello } from './native-wire.js';
import { Bystander, COMMAND, eventually, SERVICE, Victim } from './victim.js';

const CROWD = 4500;
const MOST = 1024;
const NOBODY = 65534;
const ROOT = process.getuid?.() === 0;

const BEGUN: Readonly<Record<string, Buffer>> = {
  'say nothing': Buffer.alloc(0),
  'say their name': hello().subarray(0, 8),
  'have a welcome': hello(),
};

async function isServed(victim: Victim): Promise<void> {
  const client = await IpcClient.connect({ name: victim.name, service: SERVICE });
  try {
    expect(client.callSync(COMMAND.ECHO, 'a new one').toString()).toBe('a new one');
  } finally {
    await client.close();
  }
}

describe.each(['people', 'c'] as const)('thousands of half-open handshakes (%s)', (api) => {
  let victim: Victim;
  let bystander: Bystander;
  beforeAll(async () => {
    victim = await Victim.start(api, { limits: { handshakeTimeoutMs: 60_000 } });
    bystander = await Bystander.of(victim);
    await bystander.served();
  });
  afterAll(async () => {
    await bystander[Symbol.asyncDispose]();
    await victim[Symbol.asyncDispose]();
  });

  const users = ROOT ? ['the same user', 'another user'] : ['the same user'];
  const cases = users.flatMap((user) => Object.keys(BEGUN).map((what) => ({ user, what })));
  it.each(cases)('of $user that $what', async ({ user, what }) => {
    const before = victim.holdings();
    const reported = await victim.report();
    await using raw = Attacker.start(user === 'another user' ? { uid: NOBODY, gid: NOBODY } : {});
    const gathering = raw.crowd(victim.name, CROWD, BEGUN[what] ?? Buffer.alloc(0));
    for (let round = 0; round < 10; round++) {
      if (user === 'another user') await isServed(victim);
      // One that is slower than a thousand others of its user may have to try again.
      else await eventually(() => isServed(victim));
    }
    expect(await gathering).toBe(CROWD);
    await bystander.served();
    await eventually(async () => expect(await raw.crowdLeft()).toBeLessThanOrEqual(MOST));
    await isServed(victim);
    await raw.disperse();
    await eventually(() => expect(victim.holdings()).toEqual(before));
    expect(victim.log).toMatch(/failed: its user has too many that are not finished/);
    if (api === 'people')
      await eventually(async () =>
        expect((await victim.report())['failedHandshakes']).toBeGreaterThanOrEqual(
          (reported['failedHandshakes'] ?? 0) + CROWD,
        ),
      );
  });
});
