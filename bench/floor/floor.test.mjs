// The floor programs, each measure of each for a moment: that numbers are there and make sense.
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../scripts/run.mjs';
import { expectTimes } from '../peers/expect-numbers.mjs';
import { buildFloor } from './build.mjs';

const FLOORS = ['spin', 'sem', 'futex', 'eventfd', 'udsStream', 'udsSeqpacket'];
const KERNELS_CHOICE = -1;
const MIB = 1024 * 1024;

const programs = {};

beforeAll(async () => {
  const names = [...FLOORS, 'percentiles'];
  const paths = await Promise.all(names.map(buildFloor));
  for (const [index, name] of names.entries()) programs[name] = paths[index];
});

const exec = (name, args, options) =>
  run(programs[name], args.map(String), {
    out: 'text',
    errors: 'text',
    limitMs: 60_000,
    ...options,
  });

async function measure(name, { ms = 20, pauseUs = 0, more = [] }) {
  const args = [5, ms, pauseUs, KERNELS_CHOICE, KERNELS_CHOICE, ...more];
  const { code, out, errors } = await exec(name, args);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(out);
}

describe.each(FLOORS)('the floor %s', (name) => {
  it('calls back to back', async () => {
    expectTimes(await measure(name, {}));
  });

  it('carries a mebibyte whole', async () => {
    expectTimes(await measure(name, { more: [MIB] }));
  });

  it.each([
    ['asleep', 5000],
    ['awake', -5000],
  ])('pauses %s before a call, which is no part of its time', async (_how, pauseUs) => {
    const numbers = await measure(name, { pauseUs });
    expectTimes(numbers);
    expect(numbers.perSecond).toBeLessThanOrEqual(200);
  });

  it('counts on a schedule what a call waited since it was due', async () => {
    const numbers = await measure(name, { more: [64, 1000] });
    expectTimes(numbers);
    expect(numbers.perSecond).toBeLessThanOrEqual(1000);
    // Nothing keeps up with this: most calls wait for those before them, however fast each is.
    const late = await measure(name, { more: [64, 1e8] });
    expect(late.p50Ns).toBeGreaterThan(1e6);
  });

  it('says how it is used', async () => {
    for (const args of [[], [5, 20, 0, -1], [5, 20, 0, -1, -1, 0], [5, 20, 0, -1, -1, MIB + 1]]) {
      const { code, out, errors } = await exec(name, args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(errors).toContain('usage: ');
    }
  });
});

describe('the histogram', () => {
  const percentiles = async (numbers) =>
    JSON.parse((await exec('percentiles', [], { input: numbers.join('\n') })).out);

  it('is exact to a thousandth, from nanoseconds to hours', async () => {
    // Steps of a tenth of a percent, so that buckets of every power of two are met.
    const numbers = [];
    for (let number = 1; number < 4e12; number *= 1.001) numbers.push(Math.round(number));
    const { total, most, ...shares } = await percentiles(numbers.toReversed());
    expect({ total, most }).toEqual({ total: numbers.length, most: numbers.at(-1) });
    expect(Object.keys(shares)).toEqual(['1', '0.01', '0.5', '0.9', '0.99', '0.999']);
    for (const [share, told] of Object.entries(shares)) {
      const rank = Math.ceil(Number(share) * numbers.length);
      const exact = numbers[rank - 1];
      expect(told).toBeGreaterThanOrEqual(exact);
      expect(told).toBeLessThanOrEqual(exact * 1.001);
    }
  });

  it('keeps small times as they are', async () => {
    const numbers = Array.from({ length: 1000 }, (_, index) => index + 1);
    expect(await percentiles(numbers)).toEqual({
      ...{ total: 1000, most: 1000 },
      ...{ 0.01: 10, 0.5: 500, 0.9: 900, 0.99: 990, 0.999: 999, 1: 1000 },
    });
  });

  it('has nothing to tell of nothing', async () => {
    expect(await percentiles([])).toMatchObject({ total: 0, most: 0, 0.5: 0, 1: 0 });
  });
});
