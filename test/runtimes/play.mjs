// play.mjs ADAPTER SCENARIO: plays one scenario of the suite as all that this process does.
import { playPollScenario } from '@coroipc/core/testing';
import { adapters, descriptors } from './adapters.mjs';

const [adapter, scenario] = process.argv.slice(2);
playPollScenario(scenario, adapters[adapter](), descriptors);
