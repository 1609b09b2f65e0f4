// The files below a directory, in one order on every machine.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { root as repository } from './run.mjs';

const FOREIGN = new Set(['node_modules', 'dist', 'build', 'prebuilds', '.git']);

/**
 * The files at or below `path`, which is named from `root`, as paths from `root`. What is installed
 * or built is left out; a path that does not exist has none.
 */
export function files(path, root = repository) {
  const absolute = `${root}/${path}`;
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute, { withFileTypes: true })
    .filter((entry) => !FOREIGN.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) return files(below, root);
      return entry.isFile() ? [below] : [];
    });
}

/** The generated files, which no check of style or size looks at. */
export const isGenerated = (path) =>
  /\.gen\.\w+$/.test(path) || path.endsWith('core/src/status.ts');
