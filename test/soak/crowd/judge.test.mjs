// That the judge of a crowd would notice.
import { describe, expect, it } from 'vitest';
import { growth, verdict } from './judge.mjs';
import { numbered, numberOf, STREAM } from './numbered.mjs';
import { NOTHING_WRONG, Rising, Sequence } from './sequence.mjs';
import { nothing } from './tally.mjs';

const ME = 7;
const held = { descriptors: 30, mappings: 4, threads: 11 };
const MIB = 2 ** 20;

const samples = (seconds, bytes) =>
  Array.from({ length: seconds }, (_, second) => ({
    seconds: second,
    resident: bytes(second),
    anonymous: 30 * MIB,
  }));

const good = () => ({
  crowd: { ...nothing(), lived: 5 },
  servers: { wrong: { ...NOTHING_WRONG } },
  samples: samples(600, () => 60 * MIB),
  before: held,
  after: held,
  files: [],
  server: { connections: 0 },
});

function faults(disturb, count = 100) {
  const sent = Array.from({ length: count }, (_, number) => numbered(ME, STREAM.CALL, number));
  const sequence = new Sequence(ME, STREAM.CALL);
  for (const message of disturb(sent)) sequence.take(message);
  return sequence.faults(count);
}

describe('a numbered message', () => {
  it('is known by its connection, its stream and its sum', () => {
    const message = numbered(ME, STREAM.CALL, 97);
    expect(numberOf(ME, STREAM.CALL, message)).toBe(97);
    expect(numberOf(ME + 1, STREAM.CALL, message)).toBeUndefined();
    expect(numberOf(ME, STREAM.SYNC, message)).toBeUndefined();
    expect(numberOf(ME, STREAM.CALL, message.subarray(1))).toBeUndefined();
    for (const at of [0, 8, 19, message.length - 1]) {
      const changed = Buffer.from(message);
      changed[at] ^= 1;
      expect(numberOf(ME, STREAM.CALL, changed)).toBeUndefined();
    }
  });
});

describe('a stream of the crowd', () => {
  it('tells what is lost, doubled, late and changed', () => {
    expect(faults((sent) => sent)).toEqual(NOTHING_WRONG);
    expect(faults((sent) => sent.toSpliced(5, 1))).toEqual({ ...NOTHING_WRONG, lost: 1 });
    expect(faults((sent) => sent.slice(0, -2))).toEqual({ ...NOTHING_WRONG, lost: 2 });
    const twice = faults((sent) => sent.toSpliced(9, 0, sent[3]));
    expect(twice).toEqual({ ...NOTHING_WRONG, doubled: 1 });
    const late = faults((sent) => sent.toSpliced(5, 2, sent[6], sent[5]));
    expect(late).toEqual({ ...NOTHING_WRONG, outOfOrder: 1 });
    const changed = faults((sent) => sent.with(5, Buffer.alloc(40)));
    expect(changed).toEqual({ ...NOTHING_WRONG, changed: 1 });
  });

  it('of calls that were given up may have gaps, and nothing else', () => {
    const rising = new Rising(ME, STREAM.HASTY);
    for (const number of [0, 3, 4]) rising.take(numbered(ME, STREAM.HASTY, number));
    expect(rising.faults()).toEqual(NOTHING_WRONG);
    for (const number of [4, 2]) rising.take(numbered(ME, STREAM.HASTY, number));
    expect(rising.faults()).toEqual({ ...NOTHING_WRONG, doubled: 1, outOfOrder: 1 });
  });
});

describe('the judge', () => {
  it('has nothing against a run in order', () => {
    expect(verdict(good())).toEqual([]);
  });

  it.each([
    ['a lost message', (run) => (run.crowd.wrong.lost = 1), /connections: 1 lost/],
    ['what a server saw', (run) => (run.servers.wrong.doubled = 2), /servers saw it: 2 doubled/],
    ['a broken connection', (run) => run.crowd.broken.push('ERR_LIBRARY'), /ERR_LIBRARY/],
    ['a run in which nobody was judged', (run) => (run.crowd.lived = 0), /no connection lived/],
    ['a descriptor', (run) => (run.after = { ...held, descriptors: 31 }), /31 descriptors/],
    ['a mapping', (run) => (run.after = { ...held, mappings: 5 }), /5 mappings/],
    ['a thread', (run) => (run.after = { ...held, threads: 12 }), /12 threads/],
    ['a file', (run) => run.files.push('control_buffer-1'), /control_buffer-1 was left/],
    ['a connection', (run) => (run.server.connections = 1), /still has 1 connections/],
    [
      'memory that grows',
      (run) => (run.samples = samples(600, (second) => 60 * MIB + second * 65_536)),
      /resident memory grows by 235929600/,
    ],
  ])('notices %s', (_what, disturb, problem) => {
    const run = good();
    disturb(run);
    expect(verdict(run)).toEqual([expect.stringMatching(problem)]);
  });

  it('tells the slope of a short run, and does not judge it', () => {
    const short = growth(
      samples(20, (second) => MIB * second),
      'resident',
    );
    expect(short.perHour).toBeCloseTo(3600 * MIB);
    expect(short).toMatchObject({ judged: false, grows: false });
  });
});
