// npm run fuzz: the targets of native/fuzz, each a program of libFuzzer's under AddressSanitizer and
// UndefinedBehaviorSanitizer, over its checked-in corpus and honest seeds (fuzz/seeds.mjs).
//
//   npm run fuzz [-- --seconds N] [--target NAME]… [--jobs N] [--merge]
//
// Without a name all targets run, two at a time, for 60 s each. What they learn goes to build/fuzz;
// --merge takes what of it adds coverage into the checked-in corpus, in the smallest files. A
// finding is told with the file that runs it again: build/fuzz/bin/TARGET FILE.
//
// The last line is `N passed, N failed`, one a target.
import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { files } from './files.mjs';
import { coverageOf } from './fuzz/coverage.mjs';
import { writeSeeds } from './fuzz/seeds.mjs';
import { compile, objectOf, ROOMS } from './native-objects.mjs';
import { at, run } from './run.mjs';

const COMPILER = 'clang++';
const HOME = 'build/fuzz';
const ROOM = 'native/fuzz';
const SANITIZERS = 'address,undefined';

const FLAGS = [
  ...['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-g1', '-O1', '-fno-omit-frame-pointer', '-pthread', '-Inative'],
  ...[`-fsanitize=fuzzer-no-link,${SANITIZERS}`, '-fno-sanitize-recover=all'],
];

const ENV = {
  // SIGBUS is the guard's to handle, as it is without a sanitizer.
  ASAN_OPTIONS: 'handle_sigbus=0:detect_leaks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

const isTarget = (path) => path.endsWith('_target.cc');
const nameOf = (path) => basename(path, '_target.cc').replaceAll('_', '-');
const sources = [...ROOMS.map((room) => `native/${room}`), ROOM]
  .flatMap((path) => files(path))
  .filter((path) => path.endsWith('.cc'));
const targets = sources.filter(isTarget).map(nameOf);

/** Files of one target's corpus. */
const MOST_FILES = 99;

const outcome = { passed: 0, failed: 0 };

function tell(passed, text) {
  outcome[passed ? 'passed' : 'failed'] += 1;
  console.log(`${passed ? 'ok    ' : 'FAILED'} fuzz ${text}`);
}

function fail(line) {
  console.error(line);
  process.exit(1);
}

const binaryOf = (target) => `${HOME}/bin/${target}`;

async function link(source) {
  const shared = sources.filter((path) => !isTarget(path));
  const { code } = await run(COMPILER, [
    ...['-g1', '-pthread', `-fsanitize=fuzzer,${SANITIZERS}`],
    ...[...shared, source].map((path) => objectOf(`${HOME}/objects`, path)),
    ...['-o', binaryOf(nameOf(source))],
  ]);
  return code === 0;
}

async function build(wanted) {
  const home = `${HOME}/objects`;
  const failed = await compile({ compiler: COMPILER, flags: FLAGS, home, sources });
  if (failed > 0) fail(`${failed} of the native sources did not compile`);
  mkdirSync(at(`${HOME}/bin`), { recursive: true });
  for (const source of sources.filter((path) => isTarget(path) && wanted.includes(nameOf(path)))) {
    if (!(await link(source))) fail(`the fuzzer ${nameOf(source)} did not link`);
  }
}

const corpusOf = (target) => `${ROOM}/corpus/${target}`;
const grownOf = (target) => `${HOME}/corpus/${target}`;
const seedsOf = (target) => `${HOME}/seeds/${target}`;
// What is new goes to the first.
const placesOf = (target) => [grownOf(target), seedsOf(target), corpusOf(target)];

const COMMON = [
  ...['-print_final_stats=1', '-timeout=20', '-rss_limit_mb=2048'],
  ...['-max_len=4096', `-dict=${ROOM}/wire.dict`],
];

async function fuzz(target, seconds) {
  for (const place of placesOf(target)) mkdirSync(at(place), { recursive: true });
  writeSeeds(target, at(seedsOf(target)));
  const findings = `${HOME}/findings/${target}-`;
  mkdirSync(at(`${HOME}/findings`), { recursive: true });
  const { code, errors } = await run(
    at(binaryOf(target)),
    [...COMMON, `-max_total_time=${seconds}`, `-artifact_prefix=${findings}`, ...placesOf(target)],
    // Far beyond what was asked for: a fuzzer that hangs is a finding.
    { errors: 'text', env: ENV, limitMs: (seconds + 120) * 1000 },
  );
  const { executions, covered, features } = coverageOf(errors);
  if (code === 0 && executions > 0) {
    return tell(
      true,
      `${target}: ${executions} executions, coverage ${covered}, ${features} features`,
    );
  }
  console.error(errors.split('\n').slice(-80).join('\n'));
  const found =
    errors.match(/^(?:SUMMARY|==\d+==ERROR|Test unit written|Base64).*|.*runtime error:.*/gm) ?? [];
  const lines = [`${target}: it ended with code ${code} after ${executions} executions`, ...found];
  tell(false, lines.join('\n       '));
}

// The corpus becomes the smallest set of files that reaches every edge of the code which the corpus,
// the seeds and what was learned reach together.
async function merge(target) {
  const minimal = `${HOME}/minimal/${target}`;
  rmSync(at(minimal), { recursive: true, force: true });
  mkdirSync(at(minimal), { recursive: true });
  const { code, errors } = await run(
    at(binaryOf(target)),
    [...COMMON, '-use_counters=0', '-set_cover_merge=1', minimal, ...placesOf(target)],
    { out: 'stderr', errors: 'text', env: ENV },
  );
  if (code !== 0) fail(`the corpus of ${target} was not merged:\n${errors.slice(-4000)}`);
  rmSync(at(corpusOf(target)), { recursive: true, force: true });
  cpSync(at(minimal), at(corpusOf(target)), { recursive: true });
  // The shortest say least.
  const sizes = files(corpusOf(target)).map((path) => ({ path, size: statSync(at(path)).size }));
  sizes.sort((a, b) => b.size - a.size);
  const kept = sizes.slice(0, MOST_FILES);
  for (const { path } of sizes.slice(MOST_FILES)) rmSync(at(path));
  const bytes = kept.reduce((sum, { size }) => sum + size, 0);
  console.log(`the corpus of ${target}: ${kept.length} files, ${bytes} bytes`);
}

function options() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string', multiple: true, default: [] },
      jobs: { type: 'string', default: '2' },
      merge: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const jobs = Number(values.jobs);
  for (const [name, value] of Object.entries({ seconds, jobs })) {
    if (!Number.isInteger(value) || value < 1) fail(`--${name} has to be a whole number above 0`);
  }
  const unknown = values.target.filter((name) => !targets.includes(name));
  if (unknown.length > 0)
    fail(`no such target: ${unknown.join(', ')}; there are ${targets.join(', ')}`);
  return {
    seconds,
    jobs,
    wanted: values.target.length > 0 ? values.target : targets,
    mergeIn: values.merge,
  };
}

const { seconds, jobs, wanted, mergeIn } = options();
if ((await run(COMPILER, ['--version'], { out: 'text', errors: 'text' })).code === 127) {
  fail('clang is missing (Debian: apt-get install clang libclang-rt-dev)');
}
await build(wanted);
const queue = [...wanted];
const worker = async () => {
  for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
    await fuzz(target, seconds);
  }
};
await Promise.all(Array.from({ length: jobs }, worker));
if (mergeIn) for (const target of wanted) await merge(target);
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
process.exitCode = outcome.failed === 0 ? 0 : 1;
