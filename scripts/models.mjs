// Has spin(1) check the models of native/model: the protocol itself, in which it must find nothing,
// and the protocol with one planted fault each, which it must find: a proof that cannot fail proves
// nothing. A model names its faults in its opening comment, a word in capitals each.
//
// As many at once as there are processors. The last line is `N passed, N failed`.
import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { files } from './files.mjs';
import { at, run } from './run.mjs';

const outcome = { passed: 0, failed: 0 };

function tell(passed, what, why = '') {
  outcome[passed ? 'passed' : 'failed'] += 1;
  console.log(`${passed ? 'ok    ' : 'FAILED'} model ${what}${passed ? '' : `: ${why}`}`);
}

// The planted faults of a model: the indented lines of its comment that begin in capitals.
const faultsOf = (text) =>
  [...text.slice(0, text.indexOf('*/')).matchAll(/^ \* {3}([A-Z_]{3,}) {2,}/gm)].map(
    ([, fault]) => fault,
  );

// How many errors the checker finds, or why it did not run.
async function errorsOf(model, fault) {
  const home = `build/model/${basename(model, '.pml')}-${fault ?? 'as-it-is'}`;
  mkdirSync(at(home), { recursive: true });
  const silent = { out: 'text', errors: 'text' };
  const inside = (command) => run('sh', ['-c', `cd '${at(home)}' && ${command}`], silent);
  const define = fault === undefined ? '' : `-D${fault}`;
  const steps = [
    `spin ${define} -a '${at(model)}'`,
    // -DSAFETY: what is looked for are assertions and ends that are none.
    // A model that has no end must not take the machine's memory along.
    'cc -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=2048 -o pan pan.c',
    './pan -m1000000',
  ];
  for (const [index, step] of steps.entries()) {
    const { code, out, errors } = await inside(step);
    if (index < steps.length - 1) {
      if (code !== 0) return { why: `${step.split(' ')[0]} failed: ${out}${errors}` };
      continue;
    }
    const found = /errors: (\d+)/.exec(out);
    // A search that ran out of depth or memory has not seen everything.
    if (found === null || /max search depth too small|out of memory/.test(out)) {
      return { why: `the search was not complete: ${out}${errors}` };
    }
    return { count: Number(found[1]) };
  }
  return { why: 'nothing ran' };
}

async function holds(model) {
  const { count, why = `${count} errors` } = await errorsOf(model);
  tell(count === 0, `${basename(model)} holds`, why);
}

async function finds(model, text, fault) {
  const planted = text.includes(`#ifdef ${fault}`) || text.includes(`#ifndef ${fault}`);
  const { count, why = 'the fault was not found' } = await errorsOf(model, fault);
  const what = `${basename(model)} fails with ${fault}`;
  tell(planted && count > 0, what, planted ? why : 'the fault is planted nowhere');
}

function searches(model) {
  const text = readFileSync(at(model), 'utf8');
  const faults = faultsOf(text);
  if (faults.length === 0) tell(false, basename(model), 'it plants no fault');
  return [() => holds(model), ...faults.map((fault) => () => finds(model, text, fault))];
}

if ((await run('spin', ['-V'], { out: 'text', errors: 'text' })).code === 127) {
  tell(false, 'checker', 'spin is missing (Debian: apt-get install spin)');
} else {
  const models = files('native/model').filter((path) => path.endsWith('.pml'));
  const queue = models.flatMap(searches);
  const worker = async () => {
    for (let search = queue.shift(); search !== undefined; search = queue.shift()) await search();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
process.exitCode = outcome.failed === 0 ? 0 : 1;
