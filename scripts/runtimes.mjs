// npm run test:runtimes: the test program in every runtime, and the example's processes in several
// at once. Shows what works where, and ends with `N passed, N failed`.
//
//   node scripts/runtimes.mjs [--write] [RUNTIME…]     node-20, node-24, node-26, bun-1.4, deno-2.9
//
// --write puts the table into README.md, which otherwise has to say the same.
import { availableParallelism } from 'node:os';
import { ready } from './ready.mjs';
import { catalogue, own, unsupported } from './runtimes/catalogue.mjs';
import { InstallError, install } from './runtimes/install.mjs';
import { watchLeftovers } from './runtimes/left.mjs';
import { runProgram } from './runtimes/program.mjs';
import { runSysmon } from './runtimes/sysmon.mjs';
import { differences, tableOf, writeTable } from './runtimes/table.mjs';

const idOf = ({ name }) => name.toLowerCase().replace(' ', '-');

function fail(line) {
  console.error(line);
  process.exit(1);
}

async function chosen(words) {
  if (unsupported !== undefined) fail(unsupported);
  const all = catalogue.some(({ name }) => name === own.name) ? catalogue : [own, ...catalogue];
  const unknown = words.filter((word) => !all.some((each) => idOf(each) === word));
  if (unknown.length > 0) {
    fail(`no such runtime: ${unknown.join(', ')}; there are ${all.map(idOf).join(', ')}`);
  }
  const wanted = all.filter((each) => words.length === 0 || words.includes(idOf(each)));
  const found = [];
  for (const each of wanted) {
    found.push({ name: each.name, command: each.command ?? (await install(each)) });
  }
  return found;
}

function show(name, outcomes) {
  for (const { area, test, seconds, error } of outcomes) {
    const verdict = error === undefined ? 'ok    ' : 'FAILED';
    console.log(`${verdict} ${name}: ${area}: ${test} (${seconds.toFixed(2)} s)`);
    if (error !== undefined) console.log(error.replace(/^/gm, '       '));
  }
}

const words = process.argv.slice(2);
const write = words.includes('--write');
await ready();

let runtimes = [];
try {
  runtimes = await chosen(words.filter((word) => word !== '--write'));
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  fail(error.message);
}

// As many at once as there are processors.
async function runAll() {
  const queue = [...runtimes];
  const work = async () => {
    for (let runtime = queue.shift(); runtime !== undefined; runtime = queue.shift()) {
      runtime.outcomes = await runProgram(runtime);
      show(runtime.name, runtime.outcomes);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
}

const leftovers = watchLeftovers();
await runAll();
for (const [index, outcomes] of (await runSysmon(runtimes)).entries()) {
  runtimes[index].outcomes.push(...outcomes);
  show(runtimes[index].name, outcomes);
}
const left = await leftovers();
show('all', [left]);

const table = tableOf(runtimes);
console.log(`\n${table.join('\n')}\n`);
if (write) writeTable(table);
const wrong = differences(table);
for (const line of wrong) console.log(`FAILED ${line}`);
if (wrong.length === 0) console.log('ok     the table in README.md says the same');

const verdicts = [
  ...[...runtimes.flatMap(({ outcomes }) => outcomes), left].map(
    ({ error }) => error === undefined,
  ),
  wrong.length === 0,
];
const passed = verdicts.filter((each) => each).length;
console.log(`${passed} passed, ${verdicts.length - passed} failed`);
process.exitCode = passed === verdicts.length ? 0 : 1;
