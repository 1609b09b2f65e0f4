// node try.mjs <fault>: runs the suite over an adapter with that fault, all tests at a time, and
// prints how many there are and which fail, as JSON.
// node try.mjs <fault> <scenario>: plays one scenario of the suite over it.
import { setTimeout as hostSleep } from 'node:timers/promises';
import { playPollScenario, pollConformance } from '@coroipc/core/testing';
import { descriptors } from '../cast.mjs';
import { runScriptWithin } from '../run-script.mjs';
import { faults, oddities } from './faults.mjs';
import { hostFaults } from './host-faults.mjs';

// What a fault leaves undone is waited for in vain.
const PATIENCE_MS = 15_000;

const [name, scenario] = process.argv.slice(2);
const fault = { ...faults, ...hostFaults }[name] ?? { Adapter: oddities[name] };
const make = () => new fault.Adapter();

async function sleep(ms, adapter) {
  await hostSleep(ms);
  adapter.slept?.();
}

async function tryAll() {
  const failed = [];
  const tests = [];
  const test = (title, run) => {
    tests.push(run().catch(({ message }) => failed.push({ title, message })));
  };
  // One process at a time: several such as this one run beside each other.
  let last = Promise.resolve();
  const play = (each) => {
    const played = last.then(() => runScriptWithin(PATIENCE_MS, 'faulty/try.mjs', name, each));
    last = played;
    return played;
  };
  pollConformance(
    name,
    make,
    { test },
    {
      descriptors,
      watches: 50,
      patienceMs: PATIENCE_MS,
      sleep,
      ...(fault.outside ? { scenario: play } : {}),
    },
  );
  await Promise.all(tests);
  process.stdout.write(JSON.stringify({ tests: tests.length, failed }));
  process.exit();
}

if (scenario === undefined) await tryAll();
else playPollScenario(scenario, make(), descriptors);
