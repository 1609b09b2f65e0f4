// What is tested in every runtime, area by area. An area works in a runtime, or its tests are that
// it says why not.
import { cNames } from './c-names.mjs';
import { conformance } from './conformance.mjs';
import { libuvRefuses } from './libuv.mjs';
import { lives } from './lives.mjs';
import { memory } from './memory.mjs';
import { people } from './people.mjs';
import { adapters } from './rx-adapters.mjs';
import { workers } from './workers.mjs';

const works = (tests) => ({ works: true, tests });

export const areas = {
  people: works(people),
  lives: works(lives),
  'c-names': works(cNames),
  memory: works(memory),
  workers: works(workers),
  libuv: { works: false, tests: libuvRefuses },
  ...Object.fromEntries(Object.keys(adapters).map((name) => [name, works(conformance(name))])),
};
