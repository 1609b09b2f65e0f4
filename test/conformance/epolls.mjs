// An epoll loop in each of the four ways to use one, as poll adapters by name.
import { EpollLoop, epollPoll } from '@coroipc/adapter-epoll';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { driven } from './driven.mjs';

function step(loop) {
  return new Promise((resolve) => {
    const turn = () => {
      if (!loop.alive) {
        resolve();
        return;
      }
      setImmediate(turn);
      loop.runOnce(1);
    };
    setImmediate(turn);
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
