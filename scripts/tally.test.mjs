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

describe('what failed', () => {
  const lastLine = (out) => fromLastLine({ code: 1, late: false, out }).failures;

  it('is told with the lines that are further in', () => {
    const out =
      'FAILED ring: opens (3 ms)\n  ring.cc:3: 1 is not 2\nok     b\n1 passed, 1 failed\n';
    expect(lastLine(out)).toEqual(['ring: opens (3 ms)\n  ring.cc:3: 1 is not 2']);
  });

  it('is told of many, also where the program did not end well', () => {
    expect(lastLine('FAILED a\nFAILED b\nok     c\n')).toEqual(['a', 'b']);
  });

  it('is cut where it is long', () => {
    const [told] = lastLine(`FAILED a\n${'  line\n'.repeat(100)}0 passed, 1 failed\n`);
    expect(told.split('\n')).toHaveLength(12);
  });

  it('is nothing where all is well', () => {
    expect(lastLine('ok     a\n1 passed, 0 failed\n')).toEqual([]);
  });

  it("is a test with vitest's messages, and a file that did not load", () => {
    const report = JSON.stringify({
      numPassedTests: 0,
      numFailedTests: 1,
      numTotalTests: 1,
      testResults: [
        {
          name: 'a.test.ts',
          status: 'failed',
          message: '',
          assertionResults: [
            { status: 'failed', fullName: 'ring opens', failureMessages: ['1 is not 2\nat ring'] },
          ],
        },
        { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
      ],
    });
    expect(fromVitest({ code: 1, late: false }, report).failures).toEqual([
      'ring opens\n  1 is not 2\n  at ring',
      'b.test.ts\n  no such module',
    ]);
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
  const failing = {
    status: 'failed',
    assertionResults: [{ status: 'failed', fullName: 'it', failureMessages: [] }],
  };

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
  const one = { passed: 1, failed: 0, notes: ['slow'], failures: [] };
  const other = { passed: 2, failed: 3, notes: [], failures: ['a'] };
  expect(sum([one, other])).toEqual({ passed: 3, failed: 3, notes: ['slow'], failures: ['a'] });
});
