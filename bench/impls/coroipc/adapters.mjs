// The poll adapters, and what makes each of them go. An entry is asked once a process, and resolves
// to the adapter.
import { setImmediate as turn } from 'node:timers/promises';

const loop = async () => new (await import('@coroipc/adapter-epoll')).EpollLoop();
const libuv = async () => (await import('@coroipc/adapter-libuv')).libuvPoll();

// A step waits so long for something to happen; Node has its turn between two of them.
const STEP_MS = 1;
const A_DAY_MS = 86_400_000;
// Call-backs of a step.
const BUDGET = 256;

async function stepFor(steps) {
  for (;;) {
    steps.runOnce(STEP_MS, BUDGET);
    await turn();
  }
}

const ADAPTERS = {
  libuv,
  epollRun: async () => {
    const own = await loop();
    // It ends when there is nothing to wait for, and there is nothing yet.
    own.timer({ everyMs: A_DAY_MS }, () => {});
    own.run();
    return own;
  },
  epollStep: async () => {
    const own = await loop();
    stepFor(own);
    return own;
  },
  epollNested: async () => {
    const own = await loop();
    own.attach(await libuv());
    return own;
  },
  thread: async () => (await import('@coroipc/core')).threadPoll(),
  rxjs: async () => (await import('@coroipc/adapter-rxjs')).rxPoll({ source: await libuv() }),
};

export const ADAPTER_NAMES = Object.keys(ADAPTERS);

/** The adapter of that name. */
export const makeAdapter = (name) => ADAPTERS[name]();
