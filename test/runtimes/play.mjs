// play.mjs ADAPTER SCENARIO: plays one scenario of the suite as all that this process does.
import { playPollScenario } from '@coroipc/core/testing';
import { descriptors } from './adapters.mjs';

const [adapter, scenario] = process.argv.slice(2);
const { adapters } = await import(
  adapter.startsWith('rxjs') ? './rx-adapters.mjs' : './adapters.mjs'
);
playPollScenario(scenario, adapters[adapter](), descriptors);
