// Adapters with one fault each in how they live with the host: rules 10 to 12. Those marked
// `outside` only show in a process of their own.
import { handPoll } from '@coroipc/core/testing';
import { Fetching } from './fetching.mjs';

export const hostFaults = {
  'exceptions are swallowed': {
    rule: 10,
    outside: true,
    Adapter: class extends Fetching {
      thrown() {}
    },
  },
  'what is thrown is wrapped': {
    rule: 10,
    outside: true,
    Adapter: class extends Fetching {
      thrown(error) {
        super.thrown(new Error(`a call-back threw ${error?.message}`));
      }
    },
  },
  'an exception ends the turn': {
    rule: 10,
    outside: true,
    Adapter: class extends Fetching {
      deliver(watch, revents) {
        if (!this.ended) super.deliver(watch, revents);
      }
      deliverAll() {
        this.ended = false;
        super.deliverAll();
      }
      thrown(error) {
        this.ended = true;
        super.thrown(error);
      }
    },
  },
  'unref does nothing': {
    rule: 11,
    outside: true,
    Adapter: class extends Fetching {
      hold(watch, on) {
        if (on) super.hold(watch, on);
      }
    },
  },
  'no watch keeps the process alive': {
    rule: 11,
    outside: true,
    Adapter: class extends Fetching {
      pollDispatchAdd(fd, onReady) {
        return super.pollDispatchAdd(fd, onReady).unref();
      }
      hold() {}
    },
  },
  'a watch that asks for nothing does not keep the process alive': {
    rule: 11,
    outside: true,
    Adapter: class extends Fetching {
      hold(watch, on) {
        super.hold(watch, on && watch.events !== 0);
      }
    },
  },
  'unref-ed watches are not served': {
    rule: 11,
    Adapter: class extends Fetching {
      hold(watch, on) {
        watch.held = on;
      }
      deliver(watch, revents) {
        if (watch.held !== false) super.deliver(watch, revents);
      }
    },
  },
  'one descriptor is served many times a turn': {
    rule: 11,
    Adapter: class extends Fetching {
      deliver(watch, revents) {
        for (let left = 60; left > 0; left -= 1) super.deliver(watch, revents);
      }
    },
  },
  'a loop that sleeps is not woken': {
    rule: 11,
    also: [12],
    Adapter: class extends Fetching {
      base = handPoll();
      // Turns come when somebody else has something to do, which the suite's sleep stands for.
      slept() {
        this.base.turn();
      }
    },
  },
  'a job runs at once': {
    rule: 12,
    Adapter: class extends Fetching {
      pollJobAdd(job) {
        job();
      }
    },
  },
  'the last job runs first': {
    rule: 12,
    Adapter: class extends Fetching {
      jobs = [];
      pollJobAdd(job) {
        this.jobs.push(job);
        super.pollJobAdd(() => this.jobs.pop()());
      }
    },
  },
  'each job runs twice': {
    rule: 12,
    Adapter: class extends Fetching {
      pollJobAdd(job) {
        super.pollJobAdd(job);
        super.pollJobAdd(job);
      }
    },
  },
  'jobs run until none is left': {
    rule: 12,
    Adapter: class extends Fetching {
      jobs = [];
      pollJobAdd(job) {
        this.jobs.push(job);
        if (this.jobs.length > 1 || this.draining) return;
        super.pollJobAdd(() => {
          this.draining = true;
          for (let next = this.jobs.shift(); next; next = this.jobs.shift()) next();
          this.draining = false;
        });
      }
    },
  },
  'a turn that has a job looks at no descriptor': {
    rule: 12,
    Adapter: class extends Fetching {
      jobs = 0;
      pollJobAdd(job) {
        this.jobs += 1;
        super.pollJobAdd(() => {
          this.jobs -= 1;
          job();
        });
      }
      deliver(watch, revents) {
        if (this.jobs === 0) super.deliver(watch, revents);
      }
    },
  },
  'jobs leave readiness its turn, and timers none': {
    rule: 12,
    Adapter: class extends Fetching {
      jobs = [];
      pollJobAdd(job) {
        this.jobs.push(job);
        if (this.jobs.length > 1 || this.draining) return;
        super.pollJobAdd(() => {
          this.draining = true;
          this.drain();
          this.draining = false;
        });
      }
      drain() {
        let ran = 0;
        for (let next = this.jobs.shift(); next; next = this.jobs.shift()) {
          next();
          ran += 1;
          if (ran % 100_000 !== 0) continue;
          this.base.turn();
          this.deliverAll();
        }
      }
    },
  },
  'a job does not keep the process alive': {
    rule: 12,
    outside: true,
    Adapter: class extends Fetching {
      pollJobAdd(job) {
        setImmediate(job).unref();
      }
    },
  },
};
