// Builds and runs the native test program: the native core without Node, and native/test, by
// default under AddressSanitizer and UndefinedBehaviorSanitizer. Compiles only what changed.
//
//   node scripts/native-test.mjs [--valgrind | --tsan | --plain] [words in a test's name]
//
// The program's last line, `N passed, N failed`, is this script's last line too.
import { spawnSync } from 'node:child_process';
import { files } from './files.mjs';
import { compile, objectOf, ROOMS } from './native-objects.mjs';
import { at, run } from './run.mjs';

// What an addon's room holds beside its face to JavaScript.
const PURE = ['native/epoll/epoll_set.cc', 'native/epoll/loops.cc'];

const COMMON = [
  ...['-std=c++20', '-fno-exceptions', '-Wall', '-Wextra', '-Wshadow', '-Wconversion', '-Werror'],
  ...['-g1', '-O1', '-fno-omit-frame-pointer', '-pthread', '-Inative'],
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

const sources = [
  ...ROOMS.flatMap((room) => files(`native/${room}`)).filter((path) => path.endsWith('.cc')),
  ...PURE,
  ...files('native/test').filter((path) => /(_test|\/main|\/serving_loop)\.cc$/.test(path)),
];

function fail(line) {
  console.error(line);
  process.exit(1);
}

if (!sources.includes('native/test/main.cc')) fail('native/test/main.cc is missing');

const failed = await compile({ compiler: 'g++', flags, home, sources });
if (failed > 0) fail(`${failed} of the native sources did not compile`);

const binary = `${home}/native-test`;
// signal_test.cc holds a thread up in the midst of write(2), between two instructions otherwise.
const link = await run('g++', [
  ...flags,
  '-Wl,--wrap=write',
  ...sources.map((source) => objectOf(home, source)),
  ...['-o', binary],
]);
if (link.code !== 0) fail('the native test program did not link');

const [command, ...args] = mode.wrap([at(binary), ...words]);
const { code } = await run(command, args, { env: mode.env });
if (code === 127) fail(`${command} is missing`);
process.exitCode = code;
