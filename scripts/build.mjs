// Builds what does not stand beside its source: the native addons, the packages' dist/. What is
// up to date is left alone. Everything it shows goes to standard error.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { bundle } from './bundle.mjs';
import { at, isMain, run, runNode } from './run.mjs';
import { dropStamp, isFresh, keepStamp, stampOf } from './stamp.mjs';
import { buildComplaints } from './tools.mjs';

const PLATFORM = `${process.platform}-${process.arch}`;

const ADDONS = [
  { name: 'coroipc', home: `packages/core/prebuilds/${PLATFORM}`, loop: false },
  { name: 'coroipc_libuv', home: `packages/adapter-libuv/prebuilds/${PLATFORM}`, loop: true },
  { name: 'coroipc_epoll', home: `packages/adapter-epoll/prebuilds/${PLATFORM}`, loop: false },
];

// What the tests' own addons are made of; no package contains them.
const TEST_ADDONS = /^native\/test\/(descriptors\.cc|ends\.cc|native_pair\.h)$/;

const PACKAGES = ['core', 'adapter-libuv', 'adapter-epoll', 'adapter-rxjs'];

const shown = { out: 'stderr' };
const say = (line) => process.stderr.write(`${line}\n`);

/** A build that failed; the message is one line, the tool's own output came before it. */
export class BuildError extends Error {}

function must(result, what) {
  if (result.code !== 0) throw new BuildError(`${what} failed`);
  return result;
}

// Node's headers where they are installed beside this Node and are of its version, so that nothing
// has to be downloaded.
function localHeaders() {
  const prefix = resolve(dirname(process.execPath), '..');
  const include = `${prefix}/include/node`;
  const needed = ['node_api.h', 'uv.h', 'common.gypi', 'node_version.h'];
  if (!needed.every((file) => existsSync(`${include}/${file}`))) return undefined;
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(
    readFileSync(`${include}/node_version.h`, 'utf8'),
  );
  return major !== null && process.version.startsWith(`v${major[1]}.`) ? prefix : undefined;
}

// The core and the epoll loop must not know libuv: that is what lets them run where its functions
// are missing.
async function checkNoLoop(addon) {
  const path = at(`build/Release/${addon}.node`);
  const { code, out } = await run('nm', ['-D', '--undefined-only', path], { out: 'text' });
  if (code === 127) {
    say(`nm (binutils) is missing: ${addon}.node was not checked for libuv names`);
    return;
  }
  must({ code }, `nm on ${addon}.node`);
  const names = out.match(/\buv_\w+/g) ?? [];
  if (names.length > 0) {
    throw new BuildError(`${addon}.node asks for libuv: ${[...new Set(names)].join(', ')}`);
  }
}

// By a rename: a process that runs now keeps the binary that it has mapped.
function install({ name, home }) {
  mkdirSync(at(home), { recursive: true });
  const target = at(`${home}/${name}.node`);
  copyFileSync(at(`build/Release/${name}.node`), `${target}.new`);
  renameSync(`${target}.new`, target);
}

async function buildNative() {
  const stampFile = 'build/native.stamp';
  const stamp = stampOf(
    ['native', 'test', 'binding.gyp', 'scripts/native-sources.mjs', 'package-lock.json'],
    (path) =>
      path.startsWith('test/') || path.startsWith('native/test/')
        ? TEST_ADDONS.test(path)
        : !path.endsWith('_test.cc') && !path.startsWith('native/fuzz/'),
    [process.version, PLATFORM],
  );
  const outputs = ADDONS.flatMap(({ name, home }) => [
    `${home}/${name}.node`,
    `build/Release/${name}.node`,
  ]);
  if (isFresh(stampFile, stamp, outputs)) return;
  dropStamp(stampFile);

  const complaints = await buildComplaints();
  if (complaints.length > 0) throw new BuildError(complaints.join('\n'));

  const headers = localHeaders();
  const options = headers === undefined ? [] : [`--nodedir=${headers}`];
  const nodeGyp = 'node_modules/node-gyp/bin/node-gyp.js';
  // Configured every time: the list of sources is made then.
  must(
    await runNode([nodeGyp, 'configure', ...options, '--loglevel=warn'], shown),
    'node-gyp configure',
  );
  must(
    await runNode([nodeGyp, 'build', `--jobs=${availableParallelism()}`, '--loglevel=warn'], shown),
    'node-gyp build',
  );
  for (const { name, loop } of ADDONS) if (!loop) await checkNoLoop(name);
  for (const addon of ADDONS) install(addon);
  keepStamp(stampFile, stamp);
}

async function buildTypeScript() {
  const stampFile = 'build/typescript.stamp';
  const stamp = stampOf(
    [
      ...['packages', 'tsconfig.json', 'tsconfig.base.json', 'package-lock.json'],
      'scripts/bundle.mjs',
    ],
    (path) => !/\.test\.ts$|\.tsbuildinfo$|\.md$/.test(path),
  );
  const outputs = PACKAGES.flatMap((name) =>
    ['js', 'd.ts'].map((kind) => `packages/${name}/dist/index.${kind}`),
  );
  if (isFresh(stampFile, stamp, outputs)) return;
  dropStamp(stampFile);

  // Checks types, and writes the declarations. The compiler's own record does not notice that its
  // output was deleted.
  const force = outputs.every((path) => existsSync(at(path))) ? [] : ['--force'];
  must(
    await runNode(['node_modules/typescript/bin/tsc', '-b', ...force], shown),
    'the TypeScript build (tsc -b)',
  );
  for (const name of PACKAGES) await bundle(name);
  keepStamp(stampFile, stamp);
}

/** Makes everything that is built, where it is not up to date. Throws a {@link BuildError}. */
export async function build() {
  must(await runNode(['scripts/generate-status.mjs'], shown), 'scripts/generate-status.mjs');
  await buildNative();
  await buildTypeScript();
}

if (isMain(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
