import { map, type Observable, of, range, Subject, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { type BoundedMapOptions, boundedMap } from './bounded-map.js';

// Work of three frames: "a", then "A" and the end.
const work = (value: string) => timer(3).pipe(map(() => value.toUpperCase()));

function stage(options: Partial<BoundedMapOptions<string, string>> = {}) {
  const told: string[] = [];
  const operator = boundedMap<string, string>({
    project: work,
    concurrency: 1,
    highWaterMark: 2,
    overflow: 'pause',
    dropped: (value) => told.push(value),
    overflowed: () => 'overflow',
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
    ...options,
  });
  return { told, operator };
}

function marbles(run: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
}

describe('boundedMap', () => {
  it('works off one after another, in order', () => {
    const { operator, told } = stage();
    marbles(({ hot, expectObservable }) => {
      const source = hot('  a-----b-c-----|');
      const expected = '    ---A-----B--C-|';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
    expect(told).toEqual([]);
  });

  it('works off as many at a time as it may, and emits as they come', () => {
    const works: Record<string, string> = { a: '-----A|', b: '--B|', c: '-C|' };
    marbles(({ hot, cold, expectObservable }) => {
      const project = (value: string) => cold(works[value] ?? '');
      const { operator } = stage({ concurrency: 2, project });
      const source = hot('  ab-c------|');
      //                    a at 0..6, b at 1..4, c from 4
      const expected = '    ---B-(AC)-|';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
  });

  it('asks for a pause when as many wait as may, and goes on at half of them', () => {
    const { operator, told } = stage();
    marbles(({ hot, expectObservable }) => {
      const source = hot('  abc--------d-|');
      const expected = '    ---A--B--C----(D|)';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
    expect(told).toEqual(['pause', 'resume']);
  });

  it('takes what still comes after it asked for a pause', () => {
    const { operator, told } = stage({ highWaterMark: 1 });
    marbles(({ hot, expectObservable }) => {
      const source = hot('  abcd|');
      const expected = '    ---A--B--C--(D|)';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
    // With one that may wait, half of it is none.
    expect(told).toEqual(['pause', 'resume']);
  });

  it('drops the oldest that waits', () => {
    const { operator, told } = stage({ overflow: 'drop-oldest' });
    marbles(({ hot, expectObservable }) => {
      const source = hot('  (abcde)------|');
      const expected = '    ---A--D--E---|';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
    expect(told).toEqual(['b', 'c']);
  });

  it('drops the newest', () => {
    const { operator, told } = stage({ overflow: 'drop-newest' });
    marbles(({ hot, expectObservable }) => {
      const source = hot('  (abcde)---f---|');
      const expected = '    ---A--B--C---F|';
      expectObservable(source.pipe(operator)).toBe(expected);
    });
    expect(told).toEqual(['d', 'e']);
  });

  it('fails when one too many comes, and leaves its work', () => {
    const { operator } = stage({ overflow: 'error', highWaterMark: 1 });
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  -a-b-cd--');
      const expected = '    ----A-#';
      const subscribed = '  ^-----!';
      expectObservable(source.pipe(operator)).toBe(expected, undefined, 'overflow');
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('works off what waits before the source is over, by an error too', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('ab|').pipe(stage().operator)).toBe('---A--(B|)');
      expectObservable(hot('ab#').pipe(stage().operator)).toBe('---A--(B#)');
      expectObservable(hot('--|').pipe(stage().operator)).toBe('--|');
      expectObservable(hot('--#').pipe(stage().operator)).toBe('--#');
    });
  });

  it('fails with its work, and with what its functions throw', () => {
    const fault = () => {
      throw 'error';
    };
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const failing = stage({ project: () => cold('--#') });
      const source = hot('ab---');
      expectObservable(source.pipe(failing.operator)).toBe('--#');
      expectSubscriptions(source.subscriptions).toBe('^-!');
      expectObservable(hot('-a').pipe(stage({ project: fault }).operator)).toBe('-#');
      const dropping = stage({ overflow: 'drop-newest', highWaterMark: 1, dropped: fault });
      expectObservable(hot('abc').pipe(dropping.operator)).toBe('--#');
    });
  });

  it('leaves source and work when it is left', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('    ---A|');
      const source = hot('    a-b---c');
      const unsubscribed = '  -----!';
      const { operator } = stage({ project: () => inner });
      expectObservable(source.pipe(operator), unsubscribed).toBe('---A-');
      expectSubscriptions(source.subscriptions).toBe('^----!');
      expectSubscriptions(inner.subscriptions).toBe(['^---!', '----^!']);
    });
  });

  it('counts its values, anew for each subscription', () => {
    const seen: [string, number][] = [];
    const { operator } = stage({
      project: (value, index) => {
        seen.push([value, index]);
        return of(value);
      },
    });
    const source = of('a', 'b').pipe(operator);
    source.subscribe();
    source.subscribe();
    expect(seen).toEqual([
      ['a', 0],
      ['b', 1],
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('needs no stack for many that wait and complete at once', () => {
    const gate = new Subject<void>();
    const numbers: number[] = [];
    const operator = boundedMap<number, number>({
      project: (value) => (value === 0 ? gate : of(value)) as Observable<number>,
      concurrency: 1,
      highWaterMark: 1,
      overflow: 'pause',
      overflowed: () => undefined,
      pause: () => {},
      resume: () => {},
    });
    range(0, 100_000)
      .pipe(operator)
      .subscribe((value) => numbers.push(value));
    expect(numbers).toEqual([]);
    gate.complete();
    expect(numbers.length).toBe(99_999);
    expect(numbers.at(-1)).toBe(99_999);
  });
});
