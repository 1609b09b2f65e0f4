// npm run bench: the library against floors in C++ and against what else there is, on this machine,
// now. Numbers of one run compare with each other; docs/performance.md has the method.
//
//   npm run bench [-- --quick] [-- --json FILE]     --help tells of the others
import { readFileSync, writeFileSync } from 'node:fs';
import { ready } from '../scripts/ready.mjs';
import { comparison, comparisonText } from './compare.mjs';
import { GOALS } from './goals.mjs';
import { IMPLS } from './impls/index.mjs';
import { installPeers } from './install-peers.mjs';
import { machine } from './machine.mjs';
import { measure } from './measure.mjs';
import { HELP, parseOptions } from './options.mjs';
import { allowedCpus, cpusOf } from './placement.mjs';
import { planOf } from './plan.mjs';
import { outcomesOf, ratiosOf } from './ratios.mjs';
import { summaryOf } from './rows.mjs';
import { goalsTable, moreTable, rowsTable } from './tables.mjs';
import { versionsOf } from './versions.mjs';

function end(message) {
  console.error(message);
  process.exit(1);
}

function orEnd(work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return end(error.message);
  }
}

/** What a run wrote with --json. */
function resultOf(path) {
  let result;
  try {
    result = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RangeError(`${path} is no result of a run: ${error.message}`);
  }
  if (Array.isArray(result?.rows) && typeof result.machine === 'object') return result;
  throw new RangeError(`${path} is no result of a run: it has no rows`);
}

async function measured(options) {
  const facts = machine();
  const plan = planOf(options, allowedCpus());
  if (plan.length === 0) {
    end('none of the chosen implementations does any of the chosen cases there');
  }
  const about = Object.entries(facts).map(([key, value]) => `${key}: ${value}`);
  console.log(about.join(', '));
  const { rows, missing } = await measure(plan);
  const took = new Set(rows.map(({ impl }) => impl));
  const goals = outcomesOf(GOALS, rows);
  return {
    machine: facts,
    versions: await versionsOf(IMPLS.filter(({ name }) => took.has(name))),
    rows: rows.map(summaryOf),
    ratios: ratiosOf(goals),
    goals,
    missing,
  };
}

function show({ rows, goals, missing }, options) {
  if (options.placement.includes('split') && cpusOf('split', allowedCpus()) === undefined) {
    console.log('split was left out: it needs two CPUs');
  }
  for (const [name, why] of Object.entries(missing)) console.log(`${name} was left out: ${why}`);
  const special = rows.filter(({ more }) => more !== null);
  const plain = rows.filter(({ more }) => more === null);
  if (plain.length > 0) console.log(`\n${rowsTable(plain)}`);
  if (special.length > 0) console.log(`\n${moreTable(special)}`);
  // Goals about other cases than those that were asked for are nobody's question.
  const asked = Object.entries(goals).filter(([name]) =>
    options.case.includes(GOALS[name].of.case),
  );
  if (asked.length > 0) console.log(`\n${goalsTable(Object.fromEntries(asked))}`);
}

async function install() {
  const complaints = await installPeers();
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length === 0) console.error('what the library is compared with is installed');
  return complaints.length === 0;
}

const args = process.argv.slice(2);
const options = orEnd(() => parseOptions(args));
if (options.help) {
  process.stdout.write(HELP);
  process.exit();
}
// Read before anything is measured: a mistake shall not cost a run.
const [before, after] = orEnd(() => (options.compare ?? []).map(resultOf));
if (after !== undefined) {
  console.log(comparisonText(comparison(before, after)));
  process.exit();
}
await ready();
if (options.installPeers) {
  const complete = await install();
  // What could not be installed is told once more by the run, as what was left out.
  if (args.length === 1) process.exit(complete ? 0 : 1);
}
const result = await measured(options);
show(result, options);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}
if (options.report !== undefined) {
  const { writeReport } = await import('./report/index.mjs');
  await writeReport(result, options.report);
}
if (before !== undefined) {
  console.log(`\n${comparisonText(comparison(before, result))}`);
}
// A number that somebody else does not give is told; one that this library does not give is a defect.
if (IMPLS.some(({ name, ours }) => ours && result.missing[name] !== undefined))
  process.exitCode = 1;
