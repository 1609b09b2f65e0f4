// Puts a package's modules together, a file for each way in and a few that these share: Node opens,
// parses and links each file of its own, and a hundred of them take longer than Node itself to start.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { at } from './run.mjs';

const WAY_IN = /^\.\/dist\/(.*)\.js$/;

/** The ways into a package by what `exports` calls them: `testing/index` is src/testing/index.ts. */
function waysIn(home) {
  const { exports } = JSON.parse(readFileSync(at(`${home}/package.json`), 'utf8'));
  return Object.values(exports)
    .map((way) => WAY_IN.exec(way.default ?? way)?.[1])
    .filter((name) => name !== undefined);
}

function dropOld(dist) {
  for (const name of readdirSync(at(dist), { recursive: true })) {
    if (/\.js(\.map)?$/.test(name)) rmSync(at(`${dist}/${name}`));
  }
}

/** Makes the JavaScript of packages/NAME/dist, whose declarations are there already. */
export async function bundle(name) {
  const home = `packages/${name}`;
  const modules = await rolldown({
    cwd: at(home),
    input: Object.fromEntries(waysIn(home).map((way) => [way, `src/${way}.ts`])),
    external: /^[^./]/,
    platform: 'node',
    tsconfig: false,
    transform: { target: 'es2022' },
  });
  try {
    dropOld(`${home}/dist`);
    await modules.write({
      dir: at(`${home}/dist`),
      format: 'esm',
      sourcemap: true,
      // Beside the ways in: from there modules find the addons.
      chunkFileNames: 'shared-[name].js',
      minifyInternalExports: false,
    });
  } finally {
    await modules.close();
  }
}
