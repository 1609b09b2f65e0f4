// An epoll loop in each of the four ways to use one, as poll adapters by name.
import { EpollLoop, epollPoll } from '@coroipc/adapter-epoll';
import { libuvPoll } from '@coroipc/adapter-libuv';

// A loop that is driven from its first watch or job on, for as long as something keeps it alive.
function driven(drive) {
  const loop = new EpollLoop();
  let driving = false;
  const start = () => {
    if (driving) return;
    driving = true;
    drive(loop, () => {
      driving = false;
    });
  };
  const add = (fd, onReady) => {
    const handle = loop.pollDispatchAdd(fd, onReady);
    start();
    return handle;
  };
  return {
    name: loop.name,
    pollAcceptAdd: add,
    pollDispatchAdd: add,
    pollJobAdd: (job) => {
      loop.pollJobAdd(job);
      start();
    },
  };
}

function run(loop, ended) {
  loop.run().finally(ended);
}

function step(loop, ended) {
  const turn = () => {
    if (!loop.alive) {
      ended();
      return;
    }
    setImmediate(turn);
    loop.runOnce(1);
  };
  setImmediate(turn);
}

/** All four; `host` is what one is nested in. */
export const epollsOn = (host) => ({
  'epoll run': () => driven(run),
  'epoll step': () => driven(step),
  'epoll nested': () => {
    const loop = new EpollLoop();
    loop.attach(host());
    return loop;
  },
  'epoll thread': () => epollPoll(),
});

export const epolls = epollsOn(libuvPoll);
