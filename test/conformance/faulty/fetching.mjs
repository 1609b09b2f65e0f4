// A right adapter, made to be broken: it fetches what is ready first and delivers it afterwards, as
// most loops do, and each step of it is a method that a fault can replace.
import { POLLERR, POLLHUP, POLLIN, POLLNVAL } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';

export const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

export class Fetching {
  name = 'fetching';
  base = turnedPoll();
  watches = new Map();
  fetched = [];
  /** The watch whose call-back runs. */
  calling = undefined;

  pollAcceptAdd(fd, onReady) {
    return this.pollDispatchAdd(fd, onReady);
  }

  pollDispatchAdd(fd, onReady) {
    const watch = { fd, onReady, events: POLLIN, live: true };
    watch.inner = this.base.pollDispatchAdd(fd, (revents) => this.fetch(watch, revents));
    this.watches.set(fd, watch);
    return this.handleOf(watch);
  }

  pollJobAdd(job) {
    this.base.pollJobAdd(job);
  }

  handleOf(watch) {
    const handle = {
      modify: (events) => this.modify(watch, events),
      destroy: () => this.destroy(watch),
      ref: () => {
        this.hold(watch, true);
        return handle;
      },
      unref: () => {
        this.hold(watch, false);
        return handle;
      },
      [Symbol.dispose]: () => this.destroy(watch),
    };
    return handle;
  }

  modify(watch, events) {
    watch.events = events;
    watch.inner.modify(events);
  }

  destroy(watch) {
    if (!watch.live) return;
    watch.live = false;
    this.watches.delete(watch.fd);
    watch.inner.destroy();
  }

  hold(watch, on) {
    if (on) watch.inner.ref();
    else watch.inner.unref();
  }

  fetch(watch, revents) {
    this.fetched.push([watch, revents]);
    // When the base's turn is over, and before anything else happens.
    if (this.fetched.length === 1) process.nextTick(() => this.deliverAll());
  }

  deliverAll() {
    for (const [watch, revents] of this.fetched.splice(0)) this.deliver(watch, revents);
  }

  deliver(watch, revents) {
    const wanted = revents & (watch.events | ALWAYS);
    if (watch.live && wanted !== 0) this.call(watch, wanted);
  }

  call(watch, revents) {
    this.calling = watch;
    try {
      watch.onReady(revents);
    } catch (error) {
      this.thrown(error);
    } finally {
      this.calling = undefined;
    }
  }

  thrown(error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
