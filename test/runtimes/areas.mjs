// What is tested in every runtime, area by area. An area works in a runtime, or its one test there
// is that it says why not.
import { lives } from './lives.mjs';
import { people } from './people.mjs';

export const areas = {
  people: { works: true, tests: people },
  lives: { works: true, tests: lives },
};
