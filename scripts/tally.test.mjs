import { describe, expect, it } from 'vitest';
import { fromLastLine, fromVitest, sum } from './tally.mjs';

const counts = ({ passed, failed }) => [passed, failed];

describe('the count from a last line', () => {
  it.each([
    ['all well', { code: 0, out: 'ok a\n3 passed, 0 failed\n' }, [3, 0]],
    ['a failed test', { code: 1, out: '2 passed, 1 failed\n' }, [2, 1]],
    ['no test', { code: 0, out: '0 passed, 0 failed\n' }, [0, 1]],
    ['a crash in the middle', { code: 134, out: 'ok a\n' }, [0, 1]],
    ['a crash after the count', { code: 23, out: '3 passed, 0 failed\n' }, [3, 1]],
    ['a hang', { code: 1, out: '3 passed, 0 failed\n', late: true }, [0, 1]],
    ['silence', { code: 0, out: '' }, [0, 1]],
  ])('%s', (_name, result, expected) => {
    expect(counts(fromLastLine({ late: false, ...result }))).toEqual(expected);
  });
});

describe("the count from vitest's report", () => {
  const report = (passed, failed, skipped, results = []) =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numTotalTests: passed + failed + skipped,
      testResults: results,
    });
  const unloaded = { status: 'failed', assertionResults: [] };
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };

  it.each([
    ['all well', 0, report(3, 0, 0), [3, 0]],
    ['a failed test', 1, report(2, 1, 0, [failing]), [2, 1]],
    ['a file that does not load', 1, report(2, 0, 0, [unloaded]), [2, 1]],
    ['nothing but a file that does not load', 1, report(0, 0, 0, [unloaded]), [0, 1]],
    ['an error outside of any test', 1, report(2, 0, 0), [2, 1]],
    ['no test', 0, report(0, 0, 0), [0, 1]],
    ['only skipped tests', 0, report(0, 0, 2), [0, 1]],
    ['no report', 1, undefined, [0, 1]],
  ])('%s', (_name, code, text, expected) => {
    expect(counts(fromVitest({ code, late: false }, text))).toEqual(expected);
  });
});

it('sums', () => {
  expect(
    counts(
      sum([
        { passed: 1, failed: 0 },
        { passed: 2, failed: 3 },
      ]),
    ),
  ).toEqual([3, 3]);
});
