// Has spin(1) check the models of native/model: the protocol itself, in which it must find nothing,
// and the protocol with one planted fault each, which it must find: a proof that cannot fail proves
// nothing. A model names its faults in its opening comment, a word in capitals each.
//
// The last line is `N passed, N failed`.
import { mkdirSync, readFileSync } from 'node:fs';
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

if ((await run('spin', ['-V'], { out: 'text', errors: 'text' })).code === 127) {
  tell(false, 'checker', 'spin is missing (Debian: apt-get install spin)');
} else {
  for (const model of files('native/model').filter((path) => path.endsWith('.pml'))) {
    const text = readFileSync(at(model), 'utf8');
    const plain = await errorsOf(model);
    tell(plain.count === 0, `${basename(model)} holds`, plain.why ?? `${plain.count} errors`);
    const faults = faultsOf(text);
    if (faults.length === 0) tell(false, `${basename(model)}`, 'it plants no fault');
    for (const fault of faults) {
      const found = await errorsOf(model, fault);
      const planted = text.includes(`#ifdef ${fault}`) || text.includes(`#ifndef ${fault}`);
      tell(
        planted && found.count > 0,
        `${basename(model)} fails with ${fault}`,
        found.why ?? (planted ? 'the fault was not found' : 'the fault is planted nowhere'),
      );
    }
  }
}
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
process.exitCode = outcome.failed === 0 ? 0 : 1;
