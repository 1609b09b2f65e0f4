// The adapters of cast.mjs, and rxPoll over each of them with operators in between.
import { rxPoll } from '@coroipc/adapter-rxjs';
import { asapScheduler, asyncScheduler, delay, observeOn } from 'rxjs';
import { makeOne, adapters as sources } from './cast.mjs';

/** What the readiness of an rxPoll goes through, by name. */
const operators = {
  plain: undefined,
  asap: observeOn(asapScheduler),
  async: observeOn(asyncScheduler),
  delay: delay(2),
};

export const adapters = { ...sources };
for (const [source, makeSource] of Object.entries(sources)) {
  for (const [words, operator] of Object.entries(operators)) {
    const options = operator === undefined ? {} : { operator };
    adapters[`rxjs(${source}) ${words}`] = () => rxPoll({ source: makeSource(), ...options });
  }
}

export const adapterOf = (name) => makeOne(adapters, name);
