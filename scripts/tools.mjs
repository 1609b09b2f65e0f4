// What a machine needs before anything can be installed or built. Node's own modules only, and
// syntax that an old Node reads, so that it can say that it is too old.
import { run } from './run.mjs';

const NODE = [20, 19];
const PYTHON = [3, 8];

// What the native core asks of the compiler and its library, in a few lines.
const PROBE = `#include <bit>
#include <concepts>
#include <span>
#include <utility>
template <std::integral T> constexpr T half(T value) { return value / 2; }
static_assert(half(2) == 1 && std::cmp_less(-1, 1u) && std::has_single_bit(8u));
int main() { return static_cast<int>(std::span<int>().size()); }
`;

const reaches = (version, least) =>
  version[0] > least[0] || (version[0] === least[0] && version[1] >= least[1]);

const numbers = (text) => (text.match(/\d+/g) || []).map(Number);

const silent = { out: 'text', errors: 'text' };

/** A line if this Node is too old, else nothing. */
export function nodeComplaints() {
  return reaches(numbers(process.version), NODE)
    ? []
    : [`Node ${NODE.join('.')} or newer is needed; this is ${process.version}`];
}

async function present(name, why) {
  const { code } = await run(name, ['--version'], silent);
  return code === 0 ? [] : [`${name} is missing: ${why}`];
}

async function python() {
  const { code, out, errors } = await run('python3', ['--version'], silent);
  if (code !== 0) return ['python3 is missing: node-gyp needs it to build the native core'];
  const version = numbers(out + errors);
  return reaches(version, PYTHON)
    ? []
    : [`python3 ${PYTHON.join('.')} or newer is needed; this is ${version.join('.')}`];
}

async function compiler() {
  const { code } = await run('g++', ['--version'], silent);
  if (code !== 0) return ['g++ is missing: the native core is written in C++20'];
  const probe = await run('g++', ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], {
    ...silent,
    input: PROBE,
  });
  return probe.code === 0 ? [] : ['g++ is too old: it has to know C++20 (version 11 or newer)'];
}

/** One line for each tool that is missing or too old for installing. */
export const installComplaints = () => present('npm', 'it installs the dependencies');

/** One line for each tool that is missing or too old for building the native core. */
export async function buildComplaints() {
  const lists = await Promise.all([
    present('make', 'it runs the build of the native core'),
    compiler(),
    python(),
  ]);
  return lists.flat();
}
