// The tests that every runtime has to pass, as a program that needs no test runner.
//
//   program.mjs [AREA…]     started by scripts/runtimes.mjs
//
// It tells the start and the end of each test, one JSON document a line.
import { writeSync } from 'node:fs';
import { areas } from './areas.mjs';
import { endChildren } from './child.mjs';

// Synchronous, so that the last word before a crash arrives.
const tell = (what) => writeSync(1, `${JSON.stringify(what)}\n`);

const wanted = process.argv.slice(2);
let failed = false;
for (const [area, { works, tests }] of Object.entries(areas)) {
  if (wanted.length > 0 && !wanted.includes(area)) continue;
  for (const [test, run] of Object.entries(tests)) {
    tell({ area, test, works });
    const start = performance.now();
    let error;
    try {
      await run();
    } catch (thrown) {
      failed = true;
      error = String(thrown?.stack ?? thrown);
    }
    await endChildren();
    tell({ area, test, works, seconds: (performance.now() - start) / 1000, error });
  }
}
// By itself, and not by process.exit: what keeps it alive is a fault that has to show.
process.exitCode = failed ? 1 : 0;
