// Every check that is no test, one after the other; all of them, also after a failure.
import { isMain, runNode } from './run.mjs';

const TSC = 'node_modules/typescript/bin/tsc';
const BIOME = 'node_modules/@biomejs/biome/bin/biome';

// biome colours what it writes to a file or a pipe, too.
const COLORS = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;

const inOrder = async (...steps) => {
  for (const args of steps) {
    const { code } = await runNode(args);
    if (code !== 0) return false;
  }
  return true;
};

/** The checks: a name, and a function that resolves to whether it passed. */
export const checks = [
  ['statuses are generated', () => inOrder(['scripts/generate-status.mjs', '--check'])],
  [
    'types',
    () =>
      inOrder(
        [TSC, '-b'],
        [TSC, '-p', 'test/tsconfig.json'],
        [TSC, '-p', 'examples/sysmon/tsconfig.json'],
      ),
  ],
  ['style', () => inOrder([BIOME, 'ci', COLORS, '.'])],
  ['native style', () => inOrder(['scripts/native-style.mjs'])],
  ['layers', () => inOrder(['scripts/layers.mjs'])],
  ['size', () => inOrder(['scripts/size.mjs'])],
];

/** Runs all checks and tells of each; resolves to `{ passed, failed, failures }`. */
export async function check() {
  const outcome = { passed: 0, failed: 0, failures: [] };
  for (const [name, passes] of checks) {
    const passed = await passes();
    outcome[passed ? 'passed' : 'failed'] += 1;
    if (!passed) outcome.failures.push(name);
    console.log(`${passed ? 'ok    ' : 'FAILED'} check: ${name}`);
  }
  return outcome;
}

if (isMain(import.meta.url)) {
  const { failed } = await check();
  process.exitCode = failed === 0 ? 0 : 1;
}
