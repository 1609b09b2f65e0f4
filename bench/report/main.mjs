// A report of what `npm run bench -- --json RESULT.json` has measured:
//
//   node bench/report/main.mjs RESULT.json DIR
import { readFileSync } from 'node:fs';

const USAGE = 'Usage: node bench/report/main.mjs RESULT.json DIR';

/** The result and where its report goes. @throws {RangeError} with one line that says what is wrong */
function given([path, dir, ...more]) {
  if (path === undefined || dir === undefined || more.length > 0) throw new RangeError(USAGE);
  return { result: resultIn(path), dir };
}

function resultIn(path) {
  let result;
  try {
    result = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new RangeError(`${path} cannot be read: ${error.message}`, { cause: error });
  }
  if (Array.isArray(result?.rows)) return result;
  throw new RangeError(`${path} is not what the bench has measured: it has no rows`);
}

function givenOrEnd() {
  try {
    return given(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const { result, dir } = givenOrEnd();
// What draws is large: who mistyped a name need not wait for it.
const { writeReport } = await import('./index.mjs');
const names = await writeReport(result, dir);
console.log(`${dir}: ${names.join(', ')}`);
