// Reports how long files and functions are. Above a hard limit it fails; above what a reader likes
// it lists them. Tests and generated files are left out.
//
//   node scripts/size.mjs [--all]     --all lists the longest even where nothing is too long
import { readFileSync } from 'node:fs';
import { files, isGenerated } from './files.mjs';
import { at } from './run.mjs';
import { cppFunctions } from './size/cpp.mjs';
import { typescriptFunctions } from './size/typescript.mjs';

const FILE = { note: 200, limit: 400 };
const FUNCTION = { note: 70, limit: 100 };

const ROOTS = ['native', 'packages', 'scripts', 'examples', 'bench'];
const isTest = (path) => /\.test\.\w+$|_test\.cc$|^native\/test\//.test(path);

const measured = ROOTS.flatMap((path) => files(path))
  .filter((path) => /\.(ts|mjs|h|cc|c)$/.test(path) && !isTest(path) && !isGenerated(path))
  .map((path) => {
    const text = readFileSync(at(path), 'utf8');
    const list = /\.(h|cc|c)$/.test(path) ? cppFunctions(text) : typescriptFunctions(text);
    return { path, length: text.split('\n').length - 1, list };
  });

const everything = [
  ...measured.map(({ path, length }) => ({ what: path, length, bound: FILE })),
  ...measured.flatMap(({ path, list }) =>
    list.map(({ name, line, length }) => ({
      what: `${path}:${line} ${name}`,
      length,
      bound: FUNCTION,
    })),
  ),
].sort((a, b) => b.length - a.length);

const tooLong = everything.filter(({ length, bound }) => length > bound.limit);
const long = everything.filter(({ length, bound }) => length > bound.note && length <= bound.limit);

const total = measured.reduce((sum, { length }) => sum + length, 0);
const functions = measured.reduce((sum, { list }) => sum + list.length, 0);
console.log(`${measured.length} files, ${total} lines, ${functions} functions`);
for (const { what, length, bound } of long) {
  console.log(`note: ${what}: ${length} lines (a reader likes ${bound.note})`);
}
if (process.argv.includes('--all')) {
  for (const { what, length } of everything.slice(0, 30)) console.log(`${length}  ${what}`);
}
for (const { what, length, bound } of tooLong) {
  console.error(`${what}: ${length} lines, the limit is ${bound.limit}`);
}
process.exitCode = tooLong.length === 0 ? 0 : 1;
