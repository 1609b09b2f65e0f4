// An adapter that reports readiness that is not there, all the time: rule 3 allows it, and the
// library has to take it as nothing. (It is no model: it never lets the host sleep.)
import { POLLIN, POLLOUT } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';

const PERIOD_MS = 1;

export function spuriousPoll() {
  const base = turnedPoll();
  const watches = new Set();
  setInterval(() => {
    for (const watch of [...watches]) {
      const revents = (POLLIN | POLLOUT) & watch.events;
      if (watches.has(watch) && revents !== 0) watch.onReady(revents);
    }
  }, PERIOD_MS).unref();

  const add = (fd, onReady) => {
    const handle = base.pollDispatchAdd(fd, onReady);
    const watch = { events: POLLIN, onReady };
    watches.add(watch);
    const destroy = () => {
      watches.delete(watch);
      handle.destroy();
    };
    return {
      modify: (events) => {
        handle.modify(events);
        watch.events = events;
      },
      destroy,
      ref() {
        handle.ref();
        return this;
      },
      unref() {
        handle.unref();
        return this;
      },
      [Symbol.dispose]: destroy,
    };
  };
  return {
    name: 'spurious',
    pollAcceptAdd: add,
    pollDispatchAdd: add,
    pollJobAdd: (job) => base.pollJobAdd(job),
  };
}
