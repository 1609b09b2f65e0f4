// A made-up result for tests: no machine ever gave these numbers. They are of the size that one might,
// so that pictures of them look like real ones.

const IMPLS = {
  spin: 0.25,
  native: 1,
  classic: 1.5,
  iceoryxPoll: 0.9,
  iceoryxWait: 9,
  futex: 5,
  sem: 6,
  eventfd: 9,
  udsStream: 11,
  udsSeqpacket: 10,
  libqbShm: 12,
  libqbSocket: 21,
  zmqC: 38,
  atomics: 7,
  messagePort: 21,
  uds: 29,
  zeromq: 92,
  childAdvanced: 64,
  childJson: 55,
  nodeIpc: 160,
};

const PLACEMENTS = { free: 1.25, split: 1, one: 3.5 };

const spreadOf = (value) => ({ median: value, min: value * 0.86, max: value * 1.45 });

/** A row of the made-up result; `numbers` are medians. */
export function madeUpRow(name, impl, numbers, rest = {}) {
  const all = { p50Ns: null, p90Ns: null, p99Ns: null, p999Ns: null, maxNs: null };
  const medians = { ...all, perSecond: null, cpuNsPerOp: null, ...numbers };
  const told = Object.entries(medians).filter(([, value]) => value !== null);
  return {
    ...{ case: name, variant: null, impl, placement: 'split', payload: 64, ...medians },
    rounds: 11,
    spread: Object.fromEntries(told.map(([number, value]) => [number, spreadOf(value)])),
    more: null,
    ...rest,
  };
}

const timesOf = (us, wide = 1) => ({
  p50Ns: us * 1000,
  p90Ns: us * 1000 * (1 + 0.4 * wide),
  p99Ns: us * 1000 * (1 + 3 * wide),
  p999Ns: us * 1000 * (1 + 14 * wide),
  maxNs: us * 1000 * (1 + 90 * wide),
});

function latencies() {
  const sizes = { '64 B': 64, '4 KiB': 4096, '64 KiB': 65536, '1 MiB': 1048576 };
  return Object.entries(IMPLS).flatMap(([impl, us]) =>
    Object.entries(PLACEMENTS).flatMap(([placement, factor]) => {
      const spinning = impl === 'spin' || impl === 'iceoryxPoll';
      const base = us * (placement === 'one' && spinning ? 4000 : factor);
      const calls = Object.entries(sizes).map(([variant, payload]) => {
        const took = base + payload / 9000 + (payload * us) / 300_000;
        const numbers = { ...timesOf(took), perSecond: 0.9e6 / took, cpuNsPerOp: took * 1500 };
        return madeUpRow('syncCall', impl, numbers, { variant, placement, payload });
      });
      const slept = { ...timesOf(18 + us, 0.5), cpuNsPerOp: 9000 + us * 800 };
      return [...calls, madeUpRow('wake', impl, slept, { placement })];
    }),
  );
}

function messages() {
  const sizes = { '64 B': 64, '1 KiB': 1024, '4 KiB': 4096, '64 KiB': 65536 };
  return ['native', 'classic', 'libqbShm', 'zmqC', 'zeromq', 'uds', 'childJson', 'nodeIpc'].flatMap(
    (impl, index) =>
      Object.entries(sizes).flatMap(([size, payload]) => {
        const rate = 4.2e6 / (1 + index ** 1.6) / (1 + payload / 3000);
        const forms = impl === 'native' ? { handler: 1, rxjs: 0.6 } : { handler: 1 };
        return Object.entries(forms).map(([form, factor]) =>
          madeUpRow(
            'dispatch',
            impl,
            { perSecond: rate * factor, cpuNsPerOp: 2e9 / (rate * factor) },
            { variant: `${size}, ${form}`, payload },
          ),
        );
      }),
  );
}

const NODE = ['native', 'classic', 'zeromq', 'uds', 'childJson', 'childAdvanced', 'messagePort'];

function many() {
  return NODE.flatMap((impl) => {
    const us = IMPLS[impl];
    return [
      ...[1, 4, 16, 64, 256].map((inFlight) => {
        const rate = (inFlight * 1e6) / (6 + us * 1.5 + inFlight * (0.7 + us / 20));
        const numbers = {
          ...timesOf((inFlight * 1e6) / rate),
          perSecond: rate,
          cpuNsPerOp: 2e9 / rate,
        };
        return madeUpRow('pipelined', impl, numbers, { variant: `${inFlight} in flight` });
      }),
      ...[1000, 10_000, 100_000].map((rate) => {
        const late = rate * us > 2e6 ? 4e5 : us + 12 + rate / 4e4;
        const numbers = {
          ...timesOf(late, 1.2),
          perSecond: rate,
          cpuNsPerOp: us * 900 + 3e7 / rate,
        };
        return madeUpRow('paced', impl, numbers, { variant: `${rate} a second` });
      }),
      ...[1, 10, 100].map((count) =>
        madeUpRow(
          'fanOut',
          impl,
          { perSecond: (3e6 * count ** 0.2) / (us + 2), cpuNsPerOp: us * 300 },
          { variant: `${count} subscribers` },
        ),
      ),
    ];
  });
}

function ours() {
  const adapters = { libuv: 4.5, epollRun: 3.4, epollStep: 4.1, thread: 9.1, rxjs: 5.9 };
  return [
    ...['native', 'classic'].flatMap((impl) => [
      ...[1, 10, 100, 1000].flatMap((count) => [
        madeUpRow('hotAmong1000', impl, timesOf(IMPLS[impl] * (2 + count / 5000)), {
          variant: count === 1 ? 'alone' : `among ${count}`,
        }),
        madeUpRow(
          'allHot',
          impl,
          { ...timesOf(count), perSecond: (6e5 / IMPLS[impl]) * count ** 0.1, cpuNsPerOp: 3000 },
          { variant: `${count} connections` },
        ),
      ]),
      madeUpRow(
        'idle1000',
        impl,
        {},
        {
          payload: null,
          more: {
            server: { cpuPercent: 0.01, threads: 0 },
            client: { cpuPercent: 0.02, threads: 0 },
          },
        },
      ),
    ]),
    ...Object.entries(adapters).flatMap(([name, us]) => [
      madeUpRow(
        'adapters',
        'native',
        { ...timesOf(us), perSecond: 1e6 / us, cpuNsPerOp: 4000 },
        { variant: `${name}: call` },
      ),
      madeUpRow(
        'adapters',
        'native',
        { perSecond: 9e6 / us, cpuNsPerOp: 400 },
        { variant: `${name}: dispatch` },
      ),
    ]),
  ];
}

/** A whole result, of numbers that were made up. */
export const madeUpResult = () => ({
  machine: {
    cpu: 'Made-up CPU',
    processors: 2,
    governor: 'unknown',
    load: 0.1,
    kernel: '6.1.0-made-up',
    node: 'v20.0.0',
    arch: 'x64',
  },
  versions: { coroipc: '0.0.0-made-up', zeromq: '0.0.0-made-up' },
  rows: [...latencies(), ...messages(), ...many(), ...ours()],
  ratios: { syncCallVsSpin: 3.9, wakeVsC: null },
  goals: {
    syncCallVsSpin: {
      what: 'a synchronous call, against a ping-pong in C++ that spins',
      ...{ most: 2, median: 3.9, min: 3.1, max: 4.4 },
      ...{ of: 'native, split', to: 'spin, split', met: false },
    },
    pipelinedPerSecond: {
      what: 'asynchronous calls a second, 64 in flight',
      ...{ least: 1e6, median: 1.2e6, min: 0.9e6, max: 1.3e6, of: 'native, split', met: true },
    },
    wakeVsC: {
      what: 'a call to a sleeping server, against eventfd and epoll in C++',
      ...{ most: 1.3, median: null, min: null, max: null, met: null },
    },
  },
  missing: { nanomsg: 'it is not installed <here> & now' },
});
