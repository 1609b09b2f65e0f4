// npm run soak: numbered messages for hours. None may be lost, doubled, changed or out of order.
//
//   npm run soak [-- --messages N] [--seconds S] [--wire native|classic]
//
// Two processes, as fast as they can, with stalls on both sides. N counts requests, answers and
// dispatch messages (10^8 unless told); the run ends with the first limit that it reaches.
//
//   npm run soak -- --minutes M [--clients C] [--seed S]
//
// A crowd of C connections (200) over both wires and all poll systems, whose processes are killed and
// stopped at random while hostile visitors come and go. It leaves a picture of memory, descriptors and
// throughput in build/soak, with all its numbers.
//
// Either ends with one line and, when anything was wrong, with code 1.
import { parseArgs } from 'node:util';
import { ready } from './ready.mjs';

const PAIR = { messages: '100000000', seconds: 'Infinity', wire: 'native' };
const CROWD = { minutes: undefined, clients: '200', seed: undefined };
const MOST_CLIENTS = 2000;

function fail(line) {
  console.error(line);
  process.exit(1);
}

function options() {
  const names = Object.keys({ ...PAIR, ...CROWD });
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
  });
  const crowded = Object.keys(values).some((name) => name in CROWD);
  const strange = Object.keys(values).filter((name) => !(name in (crowded ? CROWD : PAIR)));
  if (strange.length > 0)
    fail(`--${strange[0]} is not an option of ${crowded ? 'a crowd' : 'two'}`);
  if (crowded && values.minutes === undefined) fail('a crowd needs --minutes');
  const chosen = { ...(crowded ? CROWD : PAIR), ...values };
  const { wire, seed, ...numbers } = chosen;
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number(value) > 0)) fail(`--${name} has to be a number above 0, not ${value}`);
  }
  if (!crowded && wire !== 'native' && wire !== 'classic') {
    fail(`--wire has to be native or classic, not ${wire}`);
  }
  return crowded ? { crowded, ...crowdOptions(chosen) } : { crowded, ...chosen };
}

function crowdOptions({ minutes, clients, seed = String(Date.now() % 2 ** 31) }) {
  if (!Number.isInteger(Number(clients)) || clients > MOST_CLIENTS) {
    fail(`--clients has to be a whole number up to ${MOST_CLIENTS}, not ${clients}`);
  }
  if (!/^\d+$/.test(seed)) fail(`--seed has to be a whole number, not ${seed}`);
  return { seconds: 60 * Number(minutes), clients: Number(clients), seed: Number(seed) };
}

async function crowd({ seconds, clients, seed }) {
  const { direct } = await import('../test/soak/crowd/director.mjs');
  const { lines, sampleLine, write } = await import('../test/soak/crowd/report.mjs');
  console.log(`a crowd of ${clients} connections for ${seconds} s, seed ${seed}`);
  const log = (sample) => console.log(sampleLine(sample));
  const result = { seed, ...(await direct({ seconds, clients, seed, log })) };
  console.log(`written: ${await write(result)}`);
  for (const line of lines(result)) console.log(line);
  return result.problems.length === 0;
}

async function two(chosen) {
  const { pair } = await import('../test/soak/pair.mjs');
  return pair(chosen);
}

const { crowded, ...chosen } = options();
await ready();
process.exitCode = (await (crowded ? crowd(chosen) : two(chosen))) ? 0 : 1;
