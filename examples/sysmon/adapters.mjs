// The poll systems that sysmon runs on, by the names of --adapter. Each is loaded only where it is
// asked for: libuv's does not load where there is no libuv.

/** @typedef {import('@coroipc/core').PollAdapter} PollAdapter */

/** @type {Record<string, () => Promise<PollAdapter>>} */
const ADAPTERS = {
  // Node's own loop.
  libuv: async () => (await import('@coroipc/adapter-libuv')).libuvPoll(),
  // One epoll set, which a thread watches.
  epoll: async () => (await import('@coroipc/adapter-epoll')).epollPoll(),
  // Node's loop, with every readiness on its way through an Observable.
  rxjs: async () => {
    const { rxPoll } = await import('@coroipc/adapter-rxjs');
    return rxPoll({ source: await makeAdapter('libuv') });
  },
  // The loop of examples/custom-loop, over nothing but poll(2). It looks after Node every
  // millisecond, whose timers make the samples, and runs while this process has a parent.
  custom: async () => {
    const { PollLoop } = await import('../custom-loop/poll-loop.mjs');
    const loop = new PollLoop();
    void loop.run(() => process.connected, 1);
    return loop;
  },
};

export const ADAPTER_NAMES = Object.keys(ADAPTERS);

/**
 * @param {string | undefined} name one of ADAPTER_NAMES
 * @returns {Promise<PollAdapter>}
 */
export async function makeAdapter(name) {
  const make = name === undefined ? undefined : ADAPTERS[name];
  if (make === undefined) throw new Error(`there is no adapter ${name}`);
  return await make();
}
