// The runtimes that the project is tested in, beside the Node of this machine: exact versions, as
// packages of the npm registry, with the binary for this processor inside.

const ARCH = { x64: { bun: 'x64', deno: 'x64' }, arm64: { bun: 'aarch64', deno: 'arm64' } };
const arch = ARCH[process.arch];

/** Why there is none of them for this machine; `undefined` where there is. */
export const unsupported =
  process.platform === 'linux' && arch !== undefined
    ? undefined
    : `the runtimes are for linux-x64 and linux-arm64; this is ${process.platform}-${process.arch}`;

const node = (version) => ({
  name: `Node ${version.split('.')[0]}`,
  package: `node-linux-${process.arch}`,
  version,
  binary: `node-linux-${process.arch}/bin/node`,
  options: ['--expose-gc'],
});

const majorMinor = (version) => version.split('.').slice(0, 2).join('.');

const bun = (version) => ({
  name: `Bun ${majorMinor(version)}`,
  package: 'bun',
  version,
  binary: `@oven/bun-linux-${arch?.bun}/bin/bun`,
  options: [],
});

const deno = (version) => ({
  name: `Deno ${majorMinor(version)}`,
  package: 'deno',
  version,
  binary: `@deno/linux-${arch?.deno}-glibc/deno`,
  options: ['run', '--allow-all', '--no-lock', '--v8-flags=--expose-gc'],
});

/** In the order of the table. */
export const catalogue = [node('24.21.0'), node('26.10.0'), bun('1.4.5'), deno('2.9.6')];

/** The Node that runs this. */
export const own = {
  name: `Node ${process.versions.node.split('.')[0]}`,
  command: [process.execPath, '--expose-gc'],
};
