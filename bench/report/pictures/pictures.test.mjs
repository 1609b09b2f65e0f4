import { beforeAll, describe, expect, it } from 'vitest';
import { picturesOf } from '../index.mjs';
import { madeUpResult, madeUpRow } from '../sample.test-data.mjs';
import { PICTURES } from './index.mjs';

const timesOf = (p50Ns) => ({ p50Ns, p90Ns: p50Ns * 2, p99Ns: p50Ns * 4 });
const call = (impl, p50Ns, rest) => madeUpRow('syncCall', impl, timesOf(p50Ns), rest);
const result = (...rows) => ({ rows });

/** The words of a picture, in the order they are drawn. */
async function wordsOf(...rows) {
  const [{ svg }, ...others] = await picturesOf(result(...rows));
  expect(others.map(({ name }) => name)).not.toContain('sync-call');
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
}

describe('the picture of a call', () => {
  it('has a row an implementation, where it is fastest, the fastest first', () => {
    const { rows } = PICTURES['sync-call'](
      result(
        call('uds', 30_000, { placement: 'free' }),
        call('native', 2000, { placement: 'free' }),
        call('native', 1000, { placement: 'split' }),
        call('native', 9000, { placement: 'one' }),
        call('spin', 10, { payload: 4096, variant: '4 KiB' }),
        madeUpRow('wake', 'native', timesOf(5)),
      ),
    );
    expect(rows.map(({ impl, placement }) => [impl, placement])).toEqual([
      ['native', 'split'],
      ['uds', 'free'],
    ]);
  });

  it('tells names, numbers with units, and placements', async () => {
    const words = await wordsOf(call('uds', 30_000), call('native', 1010, { placement: 'one' }));
    for (const word of ['coroipc', 'node:net, Unix socket', '1.01 µs', '30 µs', '120 µs']) {
      expect(words).toContain(word);
    }
    expect(words).toContain('one CPU for both');
    expect(words).toContain('a CPU each');
  });

  it('keeps the name of an implementation that it does not know', async () => {
    expect(await wordsOf(call('brandNew', 1000))).toContain('brandNew');
  });

  it('is drawn without the percentiles and spans that were not measured', async () => {
    const bare = call('native', 1000, { p90Ns: null, p99Ns: null, spread: {} });
    expect(await wordsOf(bare)).toContain('–');
  });
});

/** The places of a chart's lines: what stands under the names of its labels. */
const linesOf = ({ layer }) => {
  const { values } = layer.find(({ mark }) => mark.type === 'line').data;
  return values.map(({ label, x, y }) => [label, x, y]);
};

describe('lines', () => {
  it('of calls are bytes a second, of messages how many, over their size', () => {
    const rate = (impl, perSecond, rest) => madeUpRow('syncCall', impl, { perSecond }, rest);
    const sent = (variant, perSecond) =>
      madeUpRow('dispatch', 'native', { perSecond }, { variant, payload: null });
    const { spec } = PICTURES.throughput(
      result(
        rate('native', 1000, { payload: 4096, variant: '4 KiB' }),
        rate('native', 2000, { variant: '64 B' }),
        rate('native', 5000, { payload: 4096, variant: '4 KiB, zero-copy' }),
        sent('64 B, handler', 5),
        sent('64 B, batch', 7),
        sent('1 KiB, handler', 3),
      ),
    );
    expect(spec.hconcat.map(linesOf)).toEqual([
      [
        ['coroipc', 64, 128_000],
        ['coroipc', 4096, 4_096_000],
        ['coroipc, zero-copy', 4096, 20_480_000],
      ],
      [
        ['coroipc', 64, 5],
        ['coroipc', 1024, 3],
        ['coroipc, batch', 64, 7],
      ],
    ]);
  });

  it('of calls in flight take the placement with the highest rate', () => {
    const rate = (placement, variant, perSecond) =>
      madeUpRow('pipelined', 'native', { perSecond }, { placement, variant });
    const { spec } = PICTURES.pipelined(
      result(
        rate('free', '64 in flight', 30),
        rate('split', '64 in flight', 20),
        rate('split', '1 in flight', 10),
      ),
    );
    expect(spec.hconcat.map(linesOf)).toEqual([
      [
        ['coroipc', 1, 10],
        ['coroipc', 64, 30],
      ],
    ]);
  });

  it('over connections begin at one, and leave out the charts of what was not measured', () => {
    const { spec } = PICTURES.connections(
      result(
        madeUpRow('hotAmong1000', 'native', timesOf(20), { variant: 'among 1000' }),
        madeUpRow('hotAmong1000', 'native', timesOf(10), { variant: 'alone' }),
      ),
    );
    expect(spec.hconcat.map(linesOf)).toEqual([
      [
        ['coroipc', 1, 10],
        ['coroipc', 1000, 20],
      ],
    ]);
  });
});

it('lines need two places at the least', async () => {
  const one = [
    madeUpRow('pipelined', 'native', { perSecond: 5 }, { variant: '4 in flight' }),
    madeUpRow('dispatch', 'native', { perSecond: 5 }, { variant: '64 B, handler' }),
    madeUpRow('allHot', 'native', { perSecond: 5 }, { variant: '10 connections' }),
  ];
  expect(await picturesOf(result(...one))).toEqual([]);
  const two = madeUpRow('pipelined', 'native', { perSecond: 9 }, { variant: '16 in flight' });
  const pictures = await picturesOf(result(...one, two));
  expect(pictures.map(({ name }) => name)).toEqual(['pipelined']);
});

describe('panels', () => {
  const valuesOf = ({ hconcat, concat }) =>
    (hconcat ?? concat).map(({ data }) => data.values.map(({ label, told }) => [label, told]));

  it('are those of the placements that there are', () => {
    const { spec } = PICTURES['latency-by-placement'](
      result(call('native', 1000), call('uds', 9000), call('native', 5000, { placement: 'one' })),
    );
    expect(valuesOf(spec)).toEqual([
      [
        ['coroipc', '1 µs'],
        ['node:net, Unix socket', '9 µs'],
      ],
      [['coroipc', '5 µs']],
    ]);
  });

  it('of paced requests are times above and CPU below, by rate', () => {
    const at = (variant, p50Ns, cpuNsPerOp) =>
      madeUpRow('paced', 'native', { ...timesOf(p50Ns), cpuNsPerOp }, { variant });
    const { spec } = PICTURES.paced(
      result(at('10000/s', 2000, 700), at('1000/s', 1000, 900), at('100000/s', 3000, null)),
    );
    expect(valuesOf(spec).map(([[, told] = []]) => told)).toEqual([
      ...['1 µs', '2 µs', '3 µs', '900 ns', '700 ns', undefined],
    ]);
  });
});

describe('adapters', () => {
  it('are rows by their names, and by their wires where there are several', () => {
    const on = (impl, variant, us) => madeUpRow('adapters', impl, timesOf(us * 1000), { variant });
    const labels = (...rows) =>
      PICTURES.adapters(result(...rows)).spec.data.values.map(({ label }) => label);
    expect(labels(on('native', 'libuv', 3), on('native', 'epoll', 2))).toEqual(['epoll', 'libuv']);
    expect(labels(on('native', 'libuv', 3), on('classic', 'libuv', 4))).toEqual([
      'libuv · coroipc',
      'libuv · coroipc, classic',
    ]);
  });

  it('tell the messages of an adapter beside its calls', async () => {
    const rows = [
      madeUpRow('adapters', 'native', timesOf(3000), { variant: 'libuv: call' }),
      madeUpRow(
        'adapters',
        'native',
        { ...timesOf(1), perSecond: 5e6 },
        { variant: 'libuv: dispatch' },
      ),
    ];
    const { values } = PICTURES.adapters(result(...rows)).spec.data;
    expect(values.map(({ label, told, toldRate }) => [label, told, toldRate])).toEqual([
      ['libuv', '3 µs', '5 M/s'],
    ]);
  });
});

describe('all pictures', () => {
  let pictures;
  beforeAll(async () => {
    pictures = await picturesOf(madeUpResult());
  });

  it('are left out where the result has nothing for them', async () => {
    expect(await picturesOf(result())).toEqual([]);
    const names = (await picturesOf(result(call('native', 1000)))).map(({ name }) => name);
    expect(names).toEqual(['sync-call', 'latency-by-placement']);
  });

  it('are small, have a ground of their own, and need nothing from elsewhere', () => {
    expect(pictures.map(({ name }) => name)).toEqual(Object.keys(PICTURES));
    for (const { name, svg } of pictures) {
      expect(svg.length, name).toBeLessThan(name === 'sync-call' ? 60_000 : 120_000);
      expect(svg, name).toMatch(/<rect rx="8" width="\d+" height="\d+" fill="#ffffff"/);
      expect(svg, name).toContain('<title>');
      expect(svg.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, ''), name).not.toMatch(/https?:|href|url\(/);
      expect(svg, name).not.toMatch(/NaN|undefined|null|Infinity/);
    }
  });

  it('give an implementation the same colour everywhere', () => {
    for (const { name, svg } of pictures) {
      expect(svg, name).toContain('#d1420a');
    }
  });
});
