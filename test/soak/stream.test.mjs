// That the soak would notice.
import { describe, expect, it } from 'vitest';
import { Content, NOTHING_WRONG, Received } from './stream.mjs';

const COUNT = 5000;

function outcome(disturb) {
  const content = new Content(1, 65_000);
  const sent = Array.from({ length: COUNT }, (_, number) => content.message(number));
  const received = new Received(content);
  for (const payload of disturb(sent)) received.take(payload);
  return received.outcome(COUNT);
}

// Numbers of messages that are large enough to be known by what they hold.
const content = new Content(1, 65_000);
const telling = Array.from({ length: COUNT }, (_, number) => number).filter(
  (number) => content.size(number) > 16 && content.size(number + 1) > 16,
);
const [first, second] = [telling[100], telling[500]];

describe('a stream of the soak', () => {
  it('is whole when everything came in order', () => {
    expect(outcome((sent) => sent)).toEqual(NOTHING_WRONG);
  });

  it('misses what was lost, at the end too', () => {
    const without = (sent) => sent.filter((_, number) => number !== first && number !== second);
    expect(outcome(without)).toEqual({ ...NOTHING_WRONG, lost: 2 });
    expect(outcome((sent) => sent.slice(0, -3))).toEqual({ ...NOTHING_WRONG, lost: 3 });
  });

  it('knows what came twice', () => {
    const twice = (sent) => sent.toSpliced(second, 0, sent[first]);
    expect(outcome(twice)).toEqual({ ...NOTHING_WRONG, doubled: 1 });
  });

  it('knows what came too late', () => {
    const swapped = (sent) => sent.toSpliced(first, 2, sent[first + 1], sent[first]);
    expect(outcome(swapped)).toEqual({ ...NOTHING_WRONG, outOfOrder: 1 });
  });

  it('knows what was changed, cut or lengthened', () => {
    for (const change of [
      (message) => Buffer.from(message).fill(0, 7, 8).fill(1, 8, 9),
      (message) => message.subarray(1),
      (message) => Buffer.concat([message, Buffer.alloc(1)]),
    ]) {
      const changed = (sent) => sent.with(first, change(sent[first]));
      expect(outcome(changed)).toEqual({ ...NOTHING_WRONG, changed: 1 });
    }
  });

  it('has messages of all sizes, the largest and the empty one among them', () => {
    const all = Array.from({ length: 100_000 }, (_, number) => content.size(number));
    expect(Math.min(...new Set(all))).toBe(0);
    expect(Math.max(...new Set(all))).toBe(65_000);
    expect(new Set(all).size).toBeGreaterThan(1000);
  });
});
