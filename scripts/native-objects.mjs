// Compiles native sources without Node, for the programs that test them. Compiles only what changed:
// a source, a header that it includes, or the flags.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { at, run } from './run.mjs';

/** The rooms of native/ that need no Node. */
export const ROOMS = ['sys', 'ring', 'wire', 'server', 'client'];

/** Where the object of a source lies. */
export const objectOf = (home, source) => `${home}/${source}.o`;

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

function isFresh(object) {
  if (!existsSync(at(object)) || !existsSync(at(object.replace(/\.o$/, '.d')))) return false;
  const made = statSync(at(object)).mtimeMs;
  return ingredients(object).every((path) => changed(path) < made);
}

async function compileOne({ compiler, flags, home }, source) {
  const object = objectOf(home, source);
  mkdirSync(dirname(at(object)), { recursive: true });
  const { code } = await run(compiler, [...flags, '-MMD', '-c', source, '-o', object]);
  return code === 0;
}

// As many compilers at once as there are processors; all of them, also after an error, so that one
// run tells everything that is wrong.
async function compileAll(recipe, stale) {
  const queue = [...stale];
  let failed = 0;
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      if (!(await compileOne(recipe, source))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return failed;
}

/**
 * Compiles `sources` with `compiler` and `flags` into objects below `home`, as far as they are not
 * up to date; resolves to how many failed.
 */
export async function compile({ compiler, flags, home, sources }) {
  mkdirSync(at(home), { recursive: true });
  const recipeFile = at(`${home}/flags`);
  const recipe = [compiler, ...flags].join(' ');
  const sameRecipe = existsSync(recipeFile) && readFileSync(recipeFile, 'utf8') === recipe;
  const stale = sources.filter((source) => !sameRecipe || !isFresh(objectOf(home, source)));
  const failed = await compileAll({ compiler, flags, home }, stale);
  if (failed === 0) writeFileSync(recipeFile, recipe);
  return failed;
}
