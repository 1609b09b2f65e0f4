// A table of attacks as tests: each line is one, by its name, against a server of either API.

import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Attacker } from './attacker.js';
import { type Api, Bystander, type Outcome, under, Victim, type VictimOptions } from './victim.js';

export type Attack = (raw: Attacker, name: string) => Promise<void>;
export type Attacks = Readonly<Record<string, readonly [Attack, Outcome]>>;

const APIS: Readonly<Record<Api, string>> = { people: 'IpcServer', c: 'coroipcs' };

/** One server of each API outlives them all. */
export function attacks(
  what: string,
  options: VictimOptions,
  table: Attacks,
  apis: readonly Api[] = ['people', 'c'],
): void {
  describe.each(apis)(`${what}`, (api) => {
    let victim: Victim;
    let bystander: Bystander;
    beforeAll(async () => {
      victim = await Victim.start(api, options);
      bystander = await Bystander.of(victim);
      await bystander.served();
    });
    afterAll(async () => {
      await bystander[Symbol.asyncDispose]();
      await victim[Symbol.asyncDispose]();
    });
    for (const [name, [attack, outcome]] of Object.entries(table))
      it(`${name} (${APIS[api]})`, () => under(victim, bystander, outcome, attack));
  });
}
