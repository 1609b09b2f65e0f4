// npm run test:death: builds the native core with a judge, who kills a client or a server before
// every step that the other could see, or stops it, and looks at what the survivor makes of it and
// at what is left. native/test/death has both; docs/decisions/012-death-by-traps.md says how.
//
//   node scripts/death.mjs [--quick] [--scenario S] [--side client|server] [--wire W]
//                          [--signal kill|stop] [--every K] [--most N] [--seed SEED]
//
// S is one of connect, call, pipelined, dispatch, overflow, zero-copy, disconnect; W one of native,
// classic-1.4, classic-1.2. Every step of every cell, unless K says every K-th, or N that of a cell
// with more steps than N that many are tried. `--quick` is what CI runs. The program's last line,
// `N passed, N failed`, is this script's last line too.
import { availableParallelism } from 'node:os';
import { at, run } from './run.mjs';

/** Every step of a call, a dispatch and a disconnect; a sample of those of the long scenarios. */
const QUICK = ['--most', '60'];

const args = process.argv.slice(2);
const chosen = args.filter((word) => word !== '--quick');
if (chosen.length < args.length) chosen.unshift(...QUICK);

if (process.arch !== 'x64') {
  console.error('its steps are traps of an x64 processor');
  process.exit(1);
}

const built = await run('make', [
  ...['--silent', `--jobs=${availableParallelism()}`, '--keep-going'],
  ...['--file', 'native/test/death/Makefile'],
]);
if (built.code !== 0) {
  console.error('the native core and its judge did not compile');
  process.exit(1);
}
const { code } = await run(at('build/death/death'), chosen);
process.exitCode = code;
