// How many tests a suite passed and failed, from what its runner left. A suite that says nothing,
// or ran nothing, or ended badly without a failed test, counts as one failure: silence is no
// success.

const LINE = /^(\d+) passed, (\d+) failed$/;

const failure = (why) => ({ passed: 0, failed: 1, notes: [why] });

function judged({ passed, failed, notes }, code) {
  if (passed + failed === 0) return failure('it ran no test');
  if (failed === 0 && code !== 0) {
    return {
      passed,
      failed: 1,
      notes: [...notes, `it ended with code ${code}, but no failed test`],
    };
  }
  return { passed, failed, notes };
}

/** From a program's output whose last line is `N passed, N failed`. */
export function fromLastLine({ code, out, late }) {
  if (late) return failure('it did not end in time');
  const match = LINE.exec(out.trimEnd().split('\n').at(-1));
  if (match === null) return failure(`it ended with code ${code} before it was done`);
  return judged({ passed: Number(match[1]), failed: Number(match[2]), notes: [] }, code);
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
    },
    code,
  );
}

/** The sum of many. */
export const sum = (outcomes) => ({
  passed: outcomes.reduce((total, { passed }) => total + passed, 0),
  failed: outcomes.reduce((total, { failed }) => total + failed, 0),
});
