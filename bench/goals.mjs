// The numbers that this project wants to reach, as ratios within one run.
//
// A goal is `least` or `most`, and what it is about: `of` alone, or `of` over `to`, each of them a
// choice of rows by their fields and the number that is looked at. Where a choice leaves several rows,
// the best one by the median is taken: "each at its best placement".

const P50 = { number: 'p50Ns', best: 'least' };
const RATE = { number: 'perSecond', best: 'most' };
const TWO_CPUS = ['split', 'free'];

const SMALL = '64 B';
const HANDLER = `${SMALL}, handler`;

const native = (name, rest) => ({ case: name, impl: 'native', ...rest });
const wakeVsC = (placement) => ({
  what: `a call to a sleeping server, against eventfd and epoll in C++; ${placement}`,
  of: native('wake', { placement: [placement], ...P50 }),
  to: { case: 'wake', impl: 'eventfd', placement: [placement], ...P50 },
  most: 1.3,
});
const idle = (what, most, measured) => ({
  what: `1000 idle connections: ${what}`,
  of: native('idle1000', { best: 'least', number: measured }),
  most,
});
// How many times faster ours is than others, each at its best placement: their time over ours.
const callVs = (whose, impl, least, placement) => ({
  what: `how many times faster a synchronous call is than ${whose}`,
  of: { case: 'syncCall', variant: SMALL, impl, placement, ...P50 },
  to: native('syncCall', { variant: SMALL, placement, ...P50 }),
  least,
});
// And our rate over theirs.
const dispatchVs = (whose, impl, least) => ({
  what: `how many times more dispatch messages a second than ${whose}`,
  of: native('dispatch', { variant: HANDLER, ...RATE }),
  to: { case: 'dispatch', variant: HANDLER, impl, ...RATE },
  least,
});
const sides = ({ more }) => [more.server, more.client];

export const GOALS = {
  syncCallVsSpin: {
    what: 'a synchronous call, against a ping-pong in C++ that spins',
    of: native('syncCall', { variant: SMALL, placement: TWO_CPUS, ...P50 }),
    to: { case: 'syncCall', variant: SMALL, impl: 'spin', placement: TWO_CPUS, ...P50 },
    most: 2,
  },
  wakeVsC: wakeVsC('split'),
  wakeVsCFree: wakeVsC('free'),
  wakeVsCOne: wakeVsC('one'),
  oneCpuVsSemaphore: {
    what: 'a synchronous call on one CPU, against sem_t in C++ there',
    of: native('syncCall', { variant: SMALL, placement: ['one'], ...P50 }),
    to: { case: 'syncCall', variant: SMALL, impl: 'sem', placement: ['one'], ...P50 },
    most: 2,
  },
  zcb1MiBVs64B: {
    what: '1 MiB through a zero-copy buffer, against 64 bytes',
    of: native('zcb', { variant: '1 MiB, zero-copy', ...P50 }),
    to: native('zcb', { variant: '64 bytes, copied', ...P50 }),
    most: 2,
  },
  hotAmong1000Vs1: {
    what: 'a call on one connection among 1000, against alone',
    of: native('hotAmong1000', { variant: 'among 1000', ...P50 }),
    to: native('hotAmong1000', { variant: 'among 1', ...P50 }),
    most: 1.2,
  },
  pipelinedPerSecond: {
    what: 'asynchronous calls a second, 64 in flight',
    of: native('pipelined', { variant: '64 in flight', ...RATE }),
    least: 1e6,
  },
  dispatchPerSecond: {
    what: 'dispatch messages a second, a handler for each',
    of: native('dispatch', { variant: HANDLER, ...RATE }),
    least: 5e6,
  },
  syncCallVsLibqb: callVs("libqb's in C, over shared memory", 'libqbShm', 20),
  syncCallVsLibqbSplit: callVs("libqb's in C, on two CPUs", 'libqbShm', 100, ['split']),
  syncCallVsUds: callVs("over Node's own sockets", 'uds', 40),
  syncCallVsChildProcess: callVs(
    'by messages of child_process',
    ['childJson', 'childAdvanced'],
    40,
  ),
  syncCallVsMessagePort: callVs('by a MessagePort', 'messagePort', 40),
  syncCallVsZeromq: callVs('over zeromq.js', 'zeromq', 200),
  dispatchVsZeromq: dispatchVs('zeromq.js', 'zeromq', 20),
  dispatchVsLibqb: dispatchVs("libqb's events in C", 'libqbShm', 10),
  idleCpuPercent: idle('CPU of a side, in percent more than without them', 0.05, (round) =>
    Math.max(...sides(round).map((side) => side.cpuPercent - side.cpuPercentWithout)),
  ),
  idleThreads: idle('threads more than before, both sides', 0, (round) =>
    sides(round).reduce((sum, { threads }) => sum + threads, 0),
  ),
  idleHeapBytesEach: idle(
    'anonymous memory of the server each, in bytes',
    1024,
    ({ more }) => more.server.anonymousBytesEach,
  ),
};
