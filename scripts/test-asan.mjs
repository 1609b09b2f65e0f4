// npm run test:asan: the Node suites once with the addons under AddressSanitizer, over a copy of the
// repository in build/asan, so that what is built here stays as it is.
//
//   npm run test:asan [-- [--leaks] [SUITE…]]     any suites of npm test; process and interop
//                                                  without a name
//
// The runtime of the sanitizer is loaded before Node, whose own memory it watches, too. What a
// process is told, it leaves in a file of its own, so that a test that expects a child to fail hides
// nothing: every error counts. With --leaks so does what is left at the end of a process and was
// allocated in an addon of ours; Node leaves much of its own, and to look for it takes a second or
// more at the end of every process.
//
// The last line is `N passed, N failed`; a finding is a failure.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { basename } from 'node:path';
import { findingsOf } from './asan-report.mjs';
import { at, root, run } from './run.mjs';
import { fromLastLine } from './tally.mjs';

const HOME = at('build/asan');
const TREE = `${HOME}/tree`;
const REPORTS = `${HOME}/reports`;
// What the copy makes itself, and keeps from one run to the next.
const KEPT = new Set(['build', 'dist', 'prebuilds', '.git']);

const BUILD_ENV = {
  CXXFLAGS: '-fsanitize=address -fno-omit-frame-pointer -g',
  LDFLAGS: '-fsanitize=address',
};

function copyTree() {
  mkdirSync(TREE, { recursive: true });
  for (const name of readdirSync(TREE)) {
    if (name === 'build' || name === 'node_modules') continue;
    rmSync(`${TREE}/${name}`, { recursive: true });
  }
  for (const name of readdirSync(root)) {
    if (KEPT.has(name) || (name === 'node_modules' && existsSync(`${TREE}/${name}`))) continue;
    cpSync(`${root}/${name}`, `${TREE}/${name}`, {
      recursive: true,
      // The packages of the copy are linked to each other, not to those here.
      verbatimSymlinks: true,
      // What is installed is known by its time.
      preserveTimestamps: true,
      filter: (path) => name === 'node_modules' || !KEPT.has(basename(path)),
    });
  }
}

// Where the compiler keeps the runtime that belongs to it.
async function runtimeOf(name) {
  const { out } = await run('g++', [`-print-file-name=${name}`], { out: 'text' });
  const path = out.trim();
  if (!path.startsWith('/')) throw new Error(`${name} is missing: g++ says where it is`);
  return path;
}

function tellFindings() {
  const files = existsSync(REPORTS) ? readdirSync(REPORTS) : [];
  const findings = files.flatMap((file) => findingsOf(readFileSync(`${REPORTS}/${file}`, 'utf8')));
  for (const finding of findings) console.error(finding);
  console.log(`${files.length} processes left a report; ${findings.length} findings`);
  return findings.length;
}

const words = process.argv.slice(2);
const leaks = words.includes('--leaks');
const suites = words.filter((word) => word !== '--leaks');

console.log('the copy in build/asan is made and built under the sanitizer');
copyTree();
const built = await run(process.execPath, [`${TREE}/scripts/build.mjs`], { env: BUILD_ENV });
if (built.code !== 0) process.exit(1);

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
// Servers of other users leave theirs there, too.
chmodSync(REPORTS, 0o777);
const result = await run(
  process.execPath,
  [
    ...[`${TREE}/scripts/test.mjs`, '--patience', '4'],
    ...(suites.length > 0 ? suites : ['process', 'interop']),
  ],
  {
    out: 'both',
    env: {
      LD_PRELOAD: await runtimeOf('libasan.so'),
      // SIGBUS is the guard's to handle. A leak is found in the report, and leaves the exit code
      // alone, which tests look at. What was freed is kept, but not so much of it that it looks like
      // memory that is lost.
      ASAN_OPTIONS: [
        `handle_sigbus=0:exitcode=99:quarantine_size_mb=8:detect_leaks=${leaks ? 1 : 0}`,
        `log_path=${REPORTS}/report`,
      ].join(':'),
      LSAN_OPTIONS: 'exitcode=0',
    },
  },
);
const outcome = fromLastLine(result);
const findings = tellFindings();
const failed = outcome.failed + findings;
console.log(`${outcome.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
