// Whether what was built still belongs to its sources. A stamp is a hash over the names and the
// contents of a build's inputs, kept beside its outputs: unlike times it survives a copy or a
// checkout, and it notices a file that was added, renamed or removed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { files } from './files.mjs';
import { at } from './run.mjs';

/** The hash of files and directories (named from the root) and of anything else that matters. */
export function stampOf(paths, keep = () => true, others = []) {
  const hash = createHash('sha256');
  for (const other of others) hash.update(`${other}\0`);
  for (const path of paths.flatMap((each) => files(each)).filter(keep)) {
    const content = readFileSync(at(path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Whether the stamp kept at `path` is `stamp`, and every output is there. */
export function isFresh(path, stamp, outputs) {
  if (![path, ...outputs].every((each) => existsSync(at(each)))) return false;
  return readFileSync(at(path), 'utf8') === stamp;
}

/** To be called before a build: one that fails leaves outputs that belong to no stamp. */
export const dropStamp = (path) => rmSync(at(path), { force: true });

export function keepStamp(path, stamp) {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), stamp);
}
