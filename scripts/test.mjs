// npm test: every check and every test, from a fresh clone. Ends with `N passed, N failed`.
//
//   npm test [-- [--patience N] SUITE…]      checks, models, native, death, fuzz, unit, conformance,
//                                          property, process, resources, interop, faults, runtimes
//
// --patience lets it take N times as long, on a machine or with a build that is slow.
//
// Each check counts as one, each test as one; a suite that runs no test is a failure. What failed is
// told again at the end.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ready } from './ready.mjs';
import { at, run, runNode } from './run.mjs';
import { failure, fromLastLine, fromVitest, sum, untried } from './tally.mjs';

const { values, positionals: wanted } = parseArgs({
  options: { patience: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const patience = Number(values.patience);
if (!(patience > 0)) {
  console.error(`--patience has to be a number above 0, not ${values.patience}`);
  process.exit(1);
}
// Ends a suite that hangs: a test that blocks its thread is out of vitest's own limits' reach. The
// whole run has a bound too, so that CI hears the outcome within its own.
const SUITE_MS = 18 * 60_000 * patience;
const RUN_MS = 38 * 60_000 * patience;
const limitMs = () => Math.max(1000, Math.min(SUITE_MS, RUN_MS - performance.now()));

async function checks() {
  const { check } = await import('./check.mjs');
  return { notes: [], ...(await check()) };
}

async function nativeIn(...args) {
  const options = { out: 'both', limitMs: limitMs() };
  return fromLastLine(await runNode(['scripts/native-test.mjs', ...args], options));
}

// All under the sanitizers of memory and behaviour; what two threads share, under that of threads.
async function native() {
  const outcomes = [await nativeIn(), await nativeIn('--tsan', 'native_wire', 'record_ring')];
  return sum(outcomes);
}

// Its steps are traps of one processor's; on any other it is told that nothing was tried.
async function death() {
  if (process.arch !== 'x64') return untried('only on x64: not tried');
  const options = { out: 'both', limitMs: limitMs() };
  return fromLastLine(await runNode(['scripts/death.mjs', '--quick'], options));
}

// Every test is told as it ends, so that one that hangs can be known by what came before it.
async function vitest(project, env = {}) {
  const report = `build/test-results/${project}.json`;
  mkdirSync(at('build/test-results'), { recursive: true });
  rmSync(at(report), { force: true });
  const result = await runNode(
    [
      ...['node_modules/vitest/vitest.mjs', 'run', '--project', project],
      ...['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`],
    ],
    { limitMs: limitMs(), env },
  );
  const text = existsSync(at(report)) ? readFileSync(at(report), 'utf8') : undefined;
  return fromVitest(result, text);
}

// The small C programs that speak the classic wire from the facts alone.
async function interop() {
  const { code } = await runNode(['test/interop/peers/build.mjs']);
  if (code !== 0) return failure('its C programs were not built');
  return vitest('interop');
}

// The attacker, which speaks both wires as it likes: to who reads its rings in the core, and to who reads
// them past it.
async function faults() {
  const { code } = await runNode(['test/faults/attacker/build.mjs']);
  if (code !== 0) return failure('its C++ program was not built');
  return sum([await vitest('faults'), await vitest('faults', { COROIPC_DIRECT_AFTER: '1' })]);
}

// The proofs. A machine without spin(1) is told so; CI has it.
async function models() {
  const { code } = await run('spin', ['-V'], { out: 'text', errors: 'text' });
  if (code === 127 && !process.env.CI) {
    return untried('spin is missing: not checked');
  }
  return fromLastLine(await runNode(['scripts/models.mjs'], { out: 'both', limitMs: limitMs() }));
}

// Half a minute for each target. A machine without clang is told so; CI has it.
async function fuzz() {
  const { code } = await run('clang++', ['--version'], { out: 'text', errors: 'text' });
  if (code === 127 && !process.env.CI) {
    return untried('clang is missing: not fuzzed');
  }
  const options = { out: 'both', limitMs: limitMs() };
  return fromLastLine(await runNode(['scripts/fuzz.mjs', '--seconds', '30'], options));
}

// It installs the runtimes from the npm registry when it runs for the first time.
async function runtimes() {
  return fromLastLine(await runNode(['scripts/runtimes.mjs'], { out: 'both', limitMs: limitMs() }));
}

const SUITES = {
  checks,
  models,
  native,
  death,
  fuzz,
  unit: () => vitest('unit'),
  conformance: () => vitest('conformance'),
  property: () => vitest('property'),
  process: () => vitest('process'),
  resources: () => vitest('resources'),
  interop,
  faults,
  runtimes,
};

const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(
    `no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`,
  );
  process.exit(1);
}

await ready();

const outcomes = [];
for (const [name, suite] of Object.entries(SUITES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const start = performance.now();
  const outcome = await suite();
  outcomes.push({ name, seconds: (performance.now() - start) / 1000, ...outcome });
}

for (const { name, failures } of outcomes) {
  for (const each of failures) console.log(`\nFAILED ${name}: ${each}`);
}

console.log('');
for (const { name, passed, failed, notes, seconds } of outcomes) {
  const remarks = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  const counts = `${passed} passed, ${failed} failed`;
  console.log(`${name.padEnd(12)} ${counts}, ${seconds.toFixed(0)} s${remarks}`);
}

const total = sum(outcomes);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
