// Adapters with one fault each in what they report and when: rules 1 to 9. `also` names rules
// whose tests cannot be passed with this fault either.
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from '@coroipc/core';
import { descriptors as io } from '../cast.mjs';
import { ALWAYS, Fetching } from './fetching.mjs';

const hangUp = (revents) => (revents & POLLHUP) !== 0;

export const faults = {
  'a listening descriptor is reported once': {
    rule: 1,
    Adapter: class extends Fetching {
      pollAcceptAdd(fd, onReady) {
        let told = false;
        return this.pollDispatchAdd(fd, (revents) => {
          if (!told) onReady(revents);
          told = true;
        });
      }
    },
  },
  'a condition is reported when it begins': {
    rule: 1,
    also: [2, 4, 5, 6, 7, 8, 9, 11, 12],
    Adapter: class extends Fetching {
      call(watch, revents) {
        if (watch.told !== revents) super.call(watch, revents);
        watch.told = revents;
      }
    },
  },
  'hang-up is only for who asks for something': {
    rule: 2,
    Adapter: class extends Fetching {
      deliver(watch, revents) {
        if (watch.events !== 0) super.deliver(watch, revents);
      }
    },
  },
  'an error is reported in place of hang-up': {
    rule: 2,
    Adapter: class extends Fetching {
      call(watch, revents) {
        super.call(watch, hangUp(revents) ? (revents & ~POLLHUP) | POLLERR : revents);
      }
    },
  },
  'hang-up is reported once': {
    rule: 2,
    Adapter: class extends Fetching {
      call(watch, revents) {
        if (!watch.gone) super.call(watch, revents);
        watch.gone ||= hangUp(revents);
      }
    },
  },
  'bits come that nobody asked for': {
    rule: 4,
    also: [1, 2, 5, 6, 11],
    Adapter: class extends Fetching {
      call(watch, revents) {
        super.call(watch, revents | POLLOUT);
      }
    },
  },
  'interest is read when readiness is fetched': {
    rule: 4,
    Adapter: class extends Fetching {
      fetch(watch, revents) {
        super.fetch(watch, revents & (watch.events | ALWAYS));
      }
      deliver(watch, revents) {
        if (watch.live && revents !== 0) this.call(watch, revents);
      }
    },
  },
  'nothing can be watched from a call-back': {
    rule: 5,
    also: [6, 9],
    Adapter: class extends Fetching {
      pollDispatchAdd(fd, onReady) {
        if (this.calling !== undefined) throw new Error('busy');
        return super.pollDispatchAdd(fd, onReady);
      }
      thrown() {}
    },
  },
  "modify from a watch's own call-back is forgotten": {
    rule: 5,
    also: [4],
    Adapter: class extends Fetching {
      modify(watch, events) {
        if (this.calling !== watch) super.modify(watch, events);
      }
    },
  },
  'what was fetched is delivered after destroy': {
    rule: 6,
    Adapter: class extends Fetching {
      deliver(watch, revents) {
        const wanted = revents & (watch.events | ALWAYS);
        if (wanted !== 0) this.call(watch, wanted);
      }
    },
  },
  "a descriptor's number stands for its watch": {
    rule: 6,
    Adapter: class extends Fetching {
      deliver(watch, revents) {
        const wanted = revents & (watch.events | ALWAYS);
        if (this.watches.has(watch.fd) && wanted !== 0) this.call(watch, wanted);
      }
    },
  },
  'dispose does nothing': {
    rule: 6,
    Adapter: class extends Fetching {
      handleOf(watch) {
        return Object.assign(super.handleOf(watch), { [Symbol.dispose]: () => {} });
      }
    },
  },
  'what is ready is read': {
    rule: 7,
    also: [1, 2, 4, 5, 6, 8, 9, 11, 12],
    Adapter: class extends Fetching {
      call(watch, revents) {
        super.call(watch, revents);
        try {
          if (watch.live) io.read(watch.fd);
        } catch {
          // There was nothing.
        }
      }
    },
  },
  'the descriptor of a destroyed watch is shut down': {
    rule: 7,
    Adapter: class extends Fetching {
      destroy(watch) {
        if (watch.live) io.shutdownWrite(watch.fd);
        super.destroy(watch);
      }
    },
  },
  'a second watch takes the place of the first': {
    rule: 8,
    Adapter: class extends Fetching {
      pollDispatchAdd(fd, onReady) {
        const first = this.watches.get(fd);
        if (first !== undefined) this.destroy(first);
        return super.pollDispatchAdd(fd, onReady);
      }
    },
  },
  'what cannot be watched is taken all the same': {
    rule: 8,
    Adapter: class extends Fetching {
      pollDispatchAdd(fd, onReady) {
        try {
          return super.pollDispatchAdd(fd, onReady);
        } catch (error) {
          if (this.watches.has(fd)) throw error;
          return this.handleOf({ live: false });
        }
      }
    },
  },
  'modify serves at once': {
    rule: 9,
    also: [4, 5],
    Adapter: class extends Fetching {
      modify(watch, events) {
        super.modify(watch, events);
        if (this.calling !== watch || watch.nested) return;
        watch.nested = true;
        this.deliver(watch, POLLIN);
        watch.nested = false;
      }
    },
  },
  'ref gives nothing': {
    rule: 9,
    Adapter: class extends Fetching {
      handleOf(watch) {
        return Object.assign(super.handleOf(watch), { ref: () => this.hold(watch, true) });
      }
    },
  },
};

/** What is legal though unusual: every test is passed. */
export const oddities = {
  'each readiness is reported once more': class extends Fetching {
    call(watch, revents) {
      super.call(watch, revents);
      setImmediate(() => {
        const again = revents & POLLIN & watch.events;
        if (watch.live && again !== 0) super.call(watch, again);
      });
    }
  },
  'readiness is delivered a turn later': class extends Fetching {
    deliver(watch, revents) {
      setImmediate(() => super.deliver(watch, revents));
    }
  },
  'the last that was watched is served first': class extends Fetching {
    deliverAll() {
      this.fetched.reverse();
      super.deliverAll();
    }
  },
};
