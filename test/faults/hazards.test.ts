// docs/hazards.md names a test for every hazard of the originals and of the native wire. Whoever renames
// a test, or drops it, is told here.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PAGE = readFileSync(at('docs/hazards.md'), 'utf8');
const ROWS = PAGE.split('\n').filter((line) => /^\| (?!---|\||a peer tries)/.test(line));
const LAST = { A: 10, B: 21, C: 19, D: 17 };

const place = (file: string): string =>
  at(/\//.test(file) ? `test/${file}` : `native/test/${file}`);

/** Each file that a row names, with the names of tests that follow it. */
function citations(row: string): { file: string; name: string | undefined }[] {
  const tests = row.split(' | ').at(-1) ?? '';
  let file = '';
  const found: { file: string; name: string | undefined }[] = [];
  for (const [, path, name] of tests.matchAll(/`([\w./-]+)`|\*([^*]+)\*/g)) {
    if (path !== undefined) {
      file = path;
      found.push({ file, name: undefined });
    } else if (name !== undefined && !name.endsWith('…')) found.push({ file, name });
  }
  return found;
}

describe('docs/hazards.md', () => {
  it('has every hazard of the originals', () => {
    for (const [letter, last] of Object.entries(LAST))
      for (let number = 1; number <= last; number++)
        expect(PAGE).toContain(`\n| ${letter}${number} | `);
  });

  it.each(ROWS.filter((row) => /[`*]/.test(row)).map((row) => ({ row, which: row.slice(2, 60) })))(
    'names tests that there are: $which …',
    ({ row }) => {
      const cited = citations(row);
      expect(cited.length).toBeGreaterThan(0);
      for (const { file, name } of cited) {
        const path = /^wire\//.test(file) ? at(`native/${file}`) : place(file);
        expect(existsSync(path), file).toBe(true);
        if (name === undefined) continue;
        const source = readFileSync(path, 'utf8').replaceAll("\\'", "'");
        expect(source.includes(name), `${file} has no test "${name}"`).toBe(true);
      }
    },
  );
});
