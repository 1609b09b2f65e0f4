import { describe, expect, it } from 'vitest';
import { nodePeers, ofPackage } from './node-peers.mjs';

const SHORT = { warmMs: 5, ms: 20 };
// A size that comes in several pieces is there, since those take another way.
const ASKED = {
  syncCall: [{ payload: 64 }, { payload: 1024 * 1024 }],
  wake: [{ payload: 64, pauseUs: 500 }],
  pipelined: [{ payload: 64, inFlight: 16 }],
  paced: [{ payload: 64, rate: 1000 }],
  dispatch: [64, 65_536].map((payload) => ({ payload, form: 'handler' })),
  fanOut: [{ payload: 64, subscribers: 3 }],
};
const TIMED = ['syncCall', 'wake', 'pipelined', 'paced'];

const FREE = { caller: undefined, server: undefined };
const needsNoInstallation = nodePeers.filter(({ version }) => typeof version === 'string');
const packages = nodePeers.filter(({ version }) => typeof version !== 'string');

function expectSane(measure, { p50Ns, p90Ns, p99Ns, perSecond, cpuNsPerOp }) {
  // A machine that is busy elsewhere may answer nothing of a short schedule in time.
  const unanswered = measure === 'paced' && perSecond === 0;
  if (unanswered) expect(cpuNsPerOp).toBeNull();
  else expect(Math.min(perSecond, cpuNsPerOp)).toBeGreaterThan(0);
  if (!TIMED.includes(measure)) return;
  expect(p50Ns).toBeGreaterThan(0);
  expect(p90Ns).toBeGreaterThanOrEqual(p50Ns);
  expect(p99Ns).toBeGreaterThanOrEqual(p90Ns);
}

async function measureAll({ measures, open }) {
  const peer = await open(FREE);
  if (typeof peer === 'string') return peer;
  try {
    for (const measure of measures) {
      for (const options of ASKED[measure]) {
        expectSane(measure, await peer.measure(measure, { ...options, ...SHORT }));
      }
    }
    // Of what is not done here, there are no numbers.
    const other = { payload: 64, form: 'batch', ...SHORT };
    expect(await peer.measure('dispatch', other)).toEqual([]);
  } finally {
    await peer.close();
  }
  return 'measured';
}

describe('the peers that Node has itself', () => {
  it('are these', () => {
    expect(needsNoInstallation.map(({ name }) => name)).toEqual([
      'uds',
      'childJson',
      'childAdvanced',
      'messagePort',
      'atomics',
    ]);
  });

  it.each(needsNoInstallation)('$name makes all of its measurements', async (impl) => {
    expect(await measureAll(impl)).toBe('measured');
  });
});

describe('the peers that are packages', () => {
  it.each(packages)(
    '$name makes all of its measurements, or says that it is missing',
    async (impl) => {
      expect(await measureAll(impl)).toMatch(
        /^measured$|^the package \S+ is not installed: npm run /,
      );
    },
  );

  it('say in a line that they are missing', async () => {
    const neverOpened = async () => {
      throw new Error('opened all the same');
    };
    const impl = ofPackage('absent', 'nothing', ['wake'], 'no-such-package', neverOpened);
    expect(await impl.open(FREE)).toBe(
      'the package no-such-package is not installed: npm run bench -- --install-peers',
    );
  });
});
