// Builds and runs the native test program: the native core without Node, and native/test, by
// default under AddressSanitizer and UndefinedBehaviorSanitizer. Compiles only what changed.
//
//   node scripts/native-test.mjs [--valgrind | --tsan | --plain] [words in a test's name]
//
// The program's last line, `N passed, N failed`, is this script's last line too.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { files } from './files.mjs';
import { at, run } from './run.mjs';

const ROOMS = ['sys', 'ring', 'wire', 'server', 'client'];
// What an addon's room holds beside its face to JavaScript.
const PURE = ['native/epoll/epoll_set.cc', 'native/epoll/loops.cc'];

const COMMON = [
  ...['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-g', '-O1', '-fno-omit-frame-pointer', '-pthread', '-Inative'],
];

const mayFixAddresses = () => spawnSync('setarch', ['-R', 'true']).status === 0;

const MODES = {
  asan: {
    flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    // SIGBUS is the guard's to handle, as it is without a sanitizer.
    env: { UBSAN_OPTIONS: 'print_stacktrace=1', ASAN_OPTIONS: 'handle_sigbus=0' },
    wrap: (command) => command,
  },
  tsan: {
    // It does not know fences, and says so; what they order here are atomics.
    flags: ['-fsanitize=thread', '-Wno-tsan'],
    env: { TSAN_OPTIONS: 'halt_on_error=1:handle_sigbus=0' },
    // The thread sanitizer cannot place its shadow under some kernels' address randomisation; a
    // container may not let us turn that off.
    wrap: (command) => (mayFixAddresses() ? ['setarch', '-R', ...command] : command),
  },
  valgrind: {
    flags: [],
    env: {},
    wrap: (command) => [
      ...['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full', '--track-fds=no'],
      ...['--errors-for-leak-kinds=definite', ...command],
    ],
  },
  plain: { flags: [], env: {}, wrap: (command) => command },
};

const chosen = Object.keys(MODES).find((mode) => process.argv.includes(`--${mode}`)) ?? 'asan';
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const mode = MODES[chosen];
const flags = [...COMMON, ...mode.flags];
// What needs no instrumentation shares its objects.
const home = `build/native-test/${mode.flags.length === 0 ? 'plain' : chosen}`;
const objectOf = (source) => `${home}/${source}.o`;

const sources = [
  ...ROOMS.flatMap((room) => files(`native/${room}`)).filter((path) => path.endsWith('.cc')),
  ...PURE,
  ...files('native/test').filter((path) => /(_test|\/main|\/serving_loop)\.cc$/.test(path)),
];

const changed = (path) => (existsSync(at(path)) ? statSync(at(path)).mtimeMs : Infinity);

// The compiler's own list of what an object was made from, as a makefile's rule.
function ingredients(object) {
  const rule = readFileSync(at(object.replace(/\.o$/, '.d')), 'utf8');
  return rule
    .replace(/^[^:]*:/, '')
    .replaceAll('\\\n', ' ')
    .split(/\s+/)
    .filter((path) => path !== '' && !path.startsWith('/'));
}

function isFresh(source) {
  const object = objectOf(source);
  if (!existsSync(at(object)) || !existsSync(at(object.replace(/\.o$/, '.d')))) return false;
  const made = statSync(at(object)).mtimeMs;
  return ingredients(object).every((path) => changed(path) < made);
}

async function compile(source) {
  const object = objectOf(source);
  mkdirSync(dirname(at(object)), { recursive: true });
  const { code } = await run('g++', [...flags, '-MMD', '-c', source, '-o', object]);
  return code === 0;
}

// As many compilers at once as there are processors; all of them, also after an error, so that one
// run tells everything that is wrong.
async function compileAll(stale) {
  const queue = [...stale];
  let failed = 0;
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      if (!(await compile(source))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return failed;
}

function fail(line) {
  console.error(line);
  process.exit(1);
}

if (!sources.includes('native/test/main.cc')) fail('native/test/main.cc is missing');

mkdirSync(at(home), { recursive: true });
const recipeFile = at(`${home}/flags`);
const recipe = flags.join(' ');
const sameRecipe = existsSync(recipeFile) && readFileSync(recipeFile, 'utf8') === recipe;
const stale = sources.filter((source) => !sameRecipe || !isFresh(source));
const failed = await compileAll(stale);
if (failed > 0) fail(`${failed} of the native sources did not compile`);
writeFileSync(recipeFile, recipe);

const binary = `${home}/native-test`;
// signal_test.cc holds a thread up in the midst of write(2), between two instructions otherwise.
const link = await run('g++', [
  ...flags,
  '-Wl,--wrap=write',
  ...sources.map(objectOf),
  ...['-o', binary],
]);
if (link.code !== 0) fail('the native test program did not link');

const [command, ...args] = mode.wrap([at(binary), ...words]);
const { code } = await run(command, args, { env: mode.env });
if (code === 127) fail(`${command} is missing`);
process.exitCode = code;
