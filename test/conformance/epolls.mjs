// An epoll loop in each of the four ways to use one, as poll adapters by name.
import { EpollLoop, epollPoll } from '@coroipc/adapter-epoll';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { driven } from './driven.mjs';

// Bun does not end over an exception that nobody handles while an immediate waits to be run.
const later = process.versions.bun === undefined ? setImmediate : (turn) => setTimeout(turn);

function step(loop) {
  return new Promise((resolve) => {
    const turn = () => {
      if (!loop.alive) {
        resolve();
        return;
      }
      later(turn);
      loop.runOnce(1);
    };
    later(turn);
  });
}

/** All four; `host` is what one is nested in. */
export const epollsOn = (host) => ({
  'epoll run': () => driven(new EpollLoop(), (loop) => loop.run()),
  'epoll step': () => driven(new EpollLoop(), step),
  'epoll nested': () => {
    const loop = new EpollLoop();
    loop.attach(host());
    return loop;
  },
  'epoll thread': () => epollPoll(),
});

export const epolls = epollsOn(libuvPoll);
