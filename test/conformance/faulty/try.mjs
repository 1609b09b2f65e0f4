// node try.mjs <fault>: runs the suite over an adapter with that fault, all tests at a time, and
// prints how many there are and which fail, as JSON.
// node try.mjs <fault> <scenario>: plays one scenario of the suite over it.
import { playPollScenario, pollConformance } from '@coroipc/core/testing';
import { descriptors } from '../cast.mjs';
import { runScriptWithin } from '../run-script.mjs';
import { faults, oddities } from './faults.mjs';
import { hostFaults } from './host-faults.mjs';

// What a fault leaves undone is waited for in vain.
const PATIENCE_MS = 8000;

const [name, scenario] = process.argv.slice(2);
const fault = { ...faults, ...hostFaults }[name] ?? { Adapter: oddities[name] };
const make = () => new fault.Adapter();

async function tryAll() {
  const failed = [];
  const tests = [];
  const test = (title, run) => {
    tests.push(() => run().catch(({ message }) => failed.push({ title, message })));
  };
  const play = (each) => runScriptWithin(PATIENCE_MS, 'faulty/try.mjs', name, each);
  pollConformance(
    name,
    make,
    { test },
    {
      descriptors,
      watches: 50,
      patienceMs: PATIENCE_MS,
      ...(fault.outside ? { scenario: play } : {}),
    },
  );
  if (fault.alone) for (const run of tests) await run();
  else await Promise.all(tests.map((run) => run()));
  process.stdout.write(JSON.stringify({ tests: tests.length, failed }));
  process.exit();
}

if (scenario === undefined) await tryAll();
else playPollScenario(scenario, make(), descriptors);
