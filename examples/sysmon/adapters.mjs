// The poll systems that sysmon runs on, by the names of --adapter. Each is loaded only where it is
// asked for: libuv's does not load where there is no libuv.

/** @typedef {import('@coroipc/core').PollAdapter} PollAdapter */

/** @type {Record<string, () => Promise<PollAdapter>>} */
const ADAPTERS = {
  // Node's own loop.
  libuv: async () => (await import('@coroipc/adapter-libuv')).libuvPoll(),
  // One epoll set, which a thread watches.
  epoll: async () => (await import('@coroipc/adapter-epoll')).epollPoll(),
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
