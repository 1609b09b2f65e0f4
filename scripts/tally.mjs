// How many tests a suite passed and failed, and which failed and why, from what its runner left. A
// suite that says nothing, or ran nothing, or ended badly without a failed test, counts as one
// failure: silence is no success.

const LINE = /^(\d+) passed, (\d+) failed$/;

/** Lines that one failure may take: a log's end is all that some see of it. */
const MOST_LINES = 12;

/** A suite that could not be run, or not be judged, and why. */
export const failure = (why) => ({ passed: 0, failed: 1, notes: [why], failures: [] });

/** A suite that this machine does not run, and why. */
export const untried = (why) => ({ passed: 0, failed: 0, notes: [why], failures: [] });

function judged({ passed, failed, notes, failures }, code) {
  if (passed + failed === 0) return failure('it ran no test');
  if (failed === 0 && code !== 0) {
    const why = `it ended with code ${code}, but no failed test`;
    return { passed, failed: 1, notes: [...notes, why], failures };
  }
  return { passed, failed, notes, failures };
}

const shortened = (text) => text.trimEnd().split('\n').slice(0, MOST_LINES).join('\n');

/** What is told of each failure: its line `FAILED …`, and the lines further in that follow. */
function failuresOf(out) {
  const found = out.match(/^FAILED .*(?:\n[ \t]+\S.*)*/gm) ?? [];
  return found.map((text) => shortened(text.slice('FAILED '.length)));
}

/** From a program's output whose last line is `N passed, N failed`. */
export function fromLastLine({ code, out, late }) {
  if (late) return { ...failure('it did not end in time'), failures: failuresOf(out) };
  const match = LINE.exec(out.trimEnd().split('\n').at(-1));
  if (match === null) {
    const why = `it ended with code ${code} before it was done`;
    return { ...failure(why), failures: failuresOf(out) };
  }
  const [passed, failed] = match.slice(1).map(Number);
  return judged({ passed, failed, notes: [], failures: failuresOf(out) }, code);
}

// A file that does not load, or whose hooks fail, says so itself.
function failuresOfFiles(testResults) {
  const tests = testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`),
  );
  const files = testResults
    .filter(({ status, message }) => status === 'failed' && message)
    .map(({ name, message }) => `${name}\n${message}`);
  return [...tests, ...files].map((text) => shortened(text).replaceAll('\n', '\n  '));
}

/** From vitest's JSON report, the text of it; `undefined` when it wrote none. */
export function fromVitest({ code, late }, report) {
  if (late) return failure('it did not end in time');
  if (report === undefined) return failure(`it ended with code ${code} before it was done`);
  const { numPassedTests, numFailedTests, numTotalTests, testResults } = JSON.parse(report);
  // A file that could not be loaded has no tests to count, a file whose hooks failed no failed ones.
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((each) => each.status === 'failed'),
  ).length;
  const skipped = numTotalTests - numPassedTests - numFailedTests;
  return judged(
    {
      passed: numPassedTests,
      failed: numFailedTests + brokenFiles,
      notes: [
        ...(brokenFiles > 0 ? [`${brokenFiles} test files did not run`] : []),
        ...(skipped > 0 ? [`${skipped} skipped`] : []),
      ],
      failures: failuresOfFiles(testResults),
    },
    code,
  );
}

const total = (outcomes, key) => outcomes.reduce((sum, outcome) => sum + outcome[key], 0);

/** Many as one. */
export const sum = (outcomes) => ({
  passed: total(outcomes, 'passed'),
  failed: total(outcomes, 'failed'),
  notes: outcomes.flatMap(({ notes }) => notes),
  failures: outcomes.flatMap(({ failures }) => failures),
});
