// npm run bench: measures, in interleaved rounds so that a slow minute of the machine hits all
// cases alike. Numbers of one run compare with each other, not with those of another. The kernel
// places the processes: on one processor or on two makes a large difference, which the span from
// the smallest to the largest shows.
//
//   npm run bench [-- --quick] [-- --json FILE]
//
// A case is a module of bench/cases: `id`, `name`, and `open()`, which gives `round({ warm, calls })`
// and `close()`. A round gives numbers by name; a name ends with its unit.
import { writeFileSync } from 'node:fs';
import { ready } from '../scripts/ready.mjs';
import * as floorSem from './cases/floor-sem.mjs';
import * as netUds from './cases/net-uds.mjs';
import * as oursCall from './cases/ours-call.mjs';
import * as oursDispatch from './cases/ours-dispatch.mjs';
import { machine } from './machine.mjs';
import { spread } from './percentiles.mjs';

const CASES = [floorSem, oursCall, oursDispatch, netUds];

// What is compared: how many times `of` is what `to` is.
const RATIOS = [
  { what: 'callSync / sem_t ping-pong, p50', of: 'call', to: 'sem', number: 'p50Us' },
  { what: "Node's net / callSync, p50", of: 'net', to: 'call', number: 'p50Us' },
];

const quick = process.argv.includes('--quick');
const rounds = quick ? 5 : 11;
const amount = quick ? { warm: 2000, calls: 10_000 } : { warm: 10_000, calls: 100_000 };

function outputFile() {
  const index = process.argv.indexOf('--json');
  if (index < 0) return undefined;
  const file = process.argv[index + 1];
  if (file === undefined) {
    console.error('--json needs a file');
    process.exit(1);
  }
  return file;
}

async function measure() {
  const opened = [];
  try {
    for (const each of CASES) opened.push({ id: each.id, name: each.name, ...(await each.open()) });
    const results = new Map(opened.map(({ id }) => [id, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { id, round: run } of opened) results.get(id).push(await run(amount));
    }
    return opened.map(({ id, name }) => ({ id, name, rounds: results.get(id) }));
  } finally {
    for (const { close } of opened.reverse()) await close();
  }
}

// Of each round by itself, so that what slowed both sides of it cancels out.
function ratio({ what, of, to, number }, results) {
  const series = (id) => results.find((each) => each.id === id).rounds.map((each) => each[number]);
  const below = series(to);
  return { what, ...spread(series(of).map((value, round) => value / below[round])) };
}

const shown = (value) =>
  value >= 10_000 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

function print({ what, median, min, max }) {
  console.log(`${what.padEnd(44)} ${shown(median).padStart(12)}   ${shown(min)} to ${shown(max)}`);
}

const file = outputFile();
await ready();

const facts = machine();
console.log(
  Object.entries(facts)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', '),
);
console.log(`${rounds} rounds of ${amount.calls} calls; median, then smallest to largest\n`);

const results = await measure();
const cases = results.map(({ id, name, rounds: each }) => ({
  id,
  name,
  numbers: Object.fromEntries(
    Object.keys(each[0]).map((key) => [key, spread(each.map((one) => one[key]))]),
  ),
}));
for (const { name, numbers } of cases) {
  for (const [key, values] of Object.entries(numbers))
    print({ what: `${name}, ${key}`, ...values });
}
const ratios = RATIOS.map((each) => ratio(each, results));
console.log('');
for (const each of ratios) print(each);

if (file !== undefined) {
  const document = { machine: facts, rounds, ...amount, cases, ratios };
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
}
