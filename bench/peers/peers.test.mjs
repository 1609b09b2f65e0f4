// The peers' programs, each measure of each for a moment. A peer that is not installed has to say so, which
// is then all that is tested of it.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NATIVE_PEERS } from '../impls/native-peers.mjs';
import { expectRate, expectTimes } from './expect-numbers.mjs';
import { useDaemon } from './iceoryx/daemon.mjs';
import { lackOf } from './programs.mjs';

const ANYWHERE = { caller: undefined, server: undefined };
const SHORT = { warmMs: 5, ms: 20, payload: 64 };
const KIB = 1024;

// What the libraries have while they run: rings, pools, the daemon's socket and its locks.
const tracesOf = (name) =>
  name.startsWith('iceoryx')
    ? [
        ...readdirSync('/dev/shm').filter((file) => file === 'iceoryx_mgmt'),
        ...readdirSync('/tmp').filter((file) =>
          /roudi(\.lock)?$|^coroipc-bench-(caller|server)-/.test(file),
        ),
      ]
    : readdirSync('/dev/shm').filter((file) => file.startsWith('qb-'));

const CASES = [
  ['syncCall', { payload: 64 }, expectTimes],
  ['syncCall', { payload: KIB * KIB }, expectTimes],
  ['wake', { pauseUs: 500 }, expectTimes],
  ['pipelined', { inFlight: 16 }, expectTimes],
  ['pipelined', { inFlight: 256 }, expectTimes],
  ['paced', { rate: 100_000 }, expectTimes],
  ['dispatch', { payload: 64 }, expectRate],
  ['dispatch', { payload: 64 * KIB }, expectRate],
  ['fanOut', { subscribers: 100 }, expectRate],
];

// What a library cannot do: answers in flight beyond its queue, datagrams beyond the kernel's limit.
const mayBeEmpty = (name, measure, { inFlight = 0, payload = 0 }) =>
  (name.startsWith('iceoryx') && measure === 'pipelined' && inFlight > 16) ||
  (name === 'libqbSocket' && payload > 64 * KIB);

const LACKS =
  /^(\S+( and \S+)? (is|are) not installed: npm run bench -- --install-peers|iox-roudi did not start: another one runs on this machine)$/;

describe('a peer', () => {
  it.each(NATIVE_PEERS)('$name does all its measures, or says what it lacks', async (impl) => {
    const peer = await impl.open(ANYWHERE);
    if (typeof peer === 'string') {
      expect(peer).toMatch(LACKS);
      console.log(`${impl.name}: ${peer}`);
      return;
    }
    expect(await impl.version()).toMatch(/^\d+\.\d+\.\d+/);
    expect([...new Set(CASES.map(([measure]) => measure))].toSorted()).toEqual(
      impl.measures.toSorted(),
    );
    try {
      for (const [measure, asked, expectNumbers] of CASES) {
        const numbers = await peer.measure(measure, { ...SHORT, ...asked });
        if (Array.isArray(numbers) && mayBeEmpty(impl.name, measure, asked)) continue;
        expectNumbers(numbers);
      }
      await expect(peer.measure('noSuchCase', SHORT)).rejects.toThrow('no such measure');
      await expect(peer.measure('syncCall', { payload: 1 })).rejects.toThrow('payload=1');
    } finally {
      await peer.close();
    }
    await expect.poll(() => tracesOf(impl.name), { timeout: 30_000 }).toEqual([]);
  });

  it('says which packages it lacks', async () => {
    const program = { include: () => [], commands: [], headers: ['stdlib.h'] };
    expect(await lackOf({ ...program, packages: ['libc-dev'] })).toBeUndefined();
    expect(await lackOf({ ...program, packages: ['no-dev'], headers: ['no/such.h'] })).toBe(
      'no-dev is not installed: npm run bench -- --install-peers',
    );
    expect(await lackOf({ ...program, packages: ['a', 'b'], commands: ['no-such-command'] })).toBe(
      'a and b are not installed: npm run bench -- --install-peers',
    );
  });
});

describe("iceoryx's daemon", () => {
  it('is one for all, and goes with the last', async () => {
    const all = await Promise.all([useDaemon(), useDaemon()]);
    if (typeof all[0] === 'string') {
      expect(all[0]).toMatch(/^iox-roudi did not start: /);
      return;
    }
    await all[0]();
    await all[0]();
    expect(tracesOf('iceoryx')).toContain('iceoryx_mgmt');
    await all[1]();
    expect(tracesOf('iceoryx')).toEqual([]);
  });
});
