import { describe, expect, it } from 'vitest';
import { Peers } from './peers.mjs';

// An implementation that notes what is done with it.
function implOf(name, open = async () => 'peer') {
  const log = [];
  const impl = {
    name,
    async open(cpus, asked) {
      log.push('open');
      const opened = await open(cpus, asked);
      if (opened !== 'peer') return opened;
      return { close: async () => log.push('close') };
    },
  };
  return { impl, log };
}

const measurement = (impl, peer, open) => ({
  case: { name: 'wake', peer },
  impl,
  placement: 'free',
  cpus: {},
  options: { open },
});

describe('peers', () => {
  it('are opened once, and closed in the end', async () => {
    const { impl, log } = implOf('uds');
    const peers = new Peers();
    expect(await peers.with(measurement(impl), async () => 1)).toBe(1);
    expect(await peers.with(measurement(impl), async () => 2)).toBe(2);
    expect(log).toEqual(['open']);
    await peers.close();
    expect(log).toEqual(['open', 'close']);
  });

  it('are new for every measurement of a case that wants them so', async () => {
    const { impl, log } = implOf('uds');
    const peers = new Peers();
    await peers.with(measurement(impl, 'fresh'), async () => 1);
    await peers.with(measurement(impl, 'fresh'), async () => 1);
    expect(log).toEqual(['open', 'close', 'open', 'close']);
  });

  it('are others where a variant asks for others', async () => {
    const asked = [];
    const { impl } = implOf('native', async (_cpus, open) => {
      asked.push(open);
      return 'peer';
    });
    const peers = new Peers();
    for (const adapter of ['libuv', 'thread', 'libuv']) {
      await peers.with(measurement(impl, 'shared', { adapter }), async () => 1);
    }
    expect(asked).toEqual([{ adapter: 'libuv' }, { adapter: 'thread' }]);
  });

  it('that are not there are told, and asked no more', async () => {
    const { impl, log } = implOf('zeromq', async () => 'it is not installed');
    const peers = new Peers();
    expect(await peers.with(measurement(impl), async () => 1)).toBeUndefined();
    expect(await peers.with(measurement(impl), async () => 1)).toBeUndefined();
    expect(log).toEqual(['open']);
    expect([...peers.missing]).toEqual([['zeromq', 'it is not installed']]);
  });

  it('that fail are closed and left out of that case, and told', async () => {
    const { impl, log } = implOf('uds');
    const peers = new Peers();
    const fail = () => Promise.reject(new Error('broken'));
    expect(await peers.with(measurement(impl), fail)).toBeUndefined();
    expect(await peers.with(measurement(impl), async () => 1)).toBeUndefined();
    expect(log).toEqual(['open', 'close']);
    expect(peers.missing.get('uds')).toBe('wake failed: free, broken');

    const other = { ...measurement(impl), case: { name: 'paced' } };
    expect(await peers.with(other, async () => 1)).toBe(1);
    expect(await peers.with({ ...other, case: { name: 'fanOut' } }, fail)).toBeUndefined();
    expect(peers.missing.get('uds')).toBe('wake failed: free, broken; fanOut failed: free, broken');
    await peers.close();
  });

  it('that cannot be started are told, too', async () => {
    const { impl } = implOf('zmqC', () => Promise.reject(new Error('was not compiled')));
    const peers = new Peers();
    expect(await peers.with(measurement(impl), async () => 1)).toBeUndefined();
    expect(peers.missing.get('zmqC')).toBe('wake failed: free, was not compiled');
  });
});
