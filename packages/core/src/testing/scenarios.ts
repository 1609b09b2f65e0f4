// What can only be seen from outside a process: what an exception of a call-back does, and whether
// watches keep the process alive. Each scenario plays in a process of its own (or in a worker of
// one); the suite judges its exit code and its output.

import { writeSync } from 'node:fs';
import type { PollAdapter, PollHandle } from '../poll/contract.js';
import type { PollDescriptors } from './descriptors.js';

/** How a process that played a scenario ended. */
export interface ScenarioOutcome {
  /** Null: it was ended by a signal, or did not end in time. */
  readonly exitCode: number | null;
  /** What it wrote, standard error included. */
  readonly output: string;
}

interface Scenario {
  readonly rule: number;
  readonly shows: string;
  readonly exitCode: number;
  /** Lines that must be there, in this order. */
  readonly output: readonly string[];
  play(adapter: PollAdapter, io: PollDescriptors): void;
}

const BYTE = Uint8Array.of(1);

// Synchronous, so that also a worker's last words arrive.
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

function ready(io: PollDescriptors): number {
  const [near, far] = io.socketPair();
  io.write(far, BYTE);
  return near;
}

function throwing(adapter: PollAdapter, io: PollDescriptors): void {
  const caught: string[] = [];
  const calls = [0, 0, 0];
  process.on('uncaughtException', (error) => caught.push(error.message));
  const handles: PollHandle[] = calls.map((_, index) =>
    adapter.pollDispatchAdd(ready(io), () => {
      calls[index] = (calls[index] ?? 0) + 1;
      if (calls.every((each) => each >= 3)) {
        for (const handle of handles) handle.destroy();
        // An uncaught exception may be told a little later.
        setTimeout(() => say(caught.length >= 6 ? 'caught' : `caught ${caught.length}`), 20);
      }
      if (index < 2) throw new Error(`thrown by ${index}`);
    }),
  );
}

/** The name of a scenario, to be handed to the process that plays it. */
export type PollScenario =
  | 'exception-handled'
  | 'exception-fatal'
  | 'exception-odd'
  | 'job-exception'
  | 'ref'
  | 'ref-again'
  | 'unref'
  | 'destroyed'
  | 'exit-inside'
  | 'promises'
  | 'job';

export const scenarios: Readonly<Record<PollScenario, Scenario>> = {
  'exception-handled': {
    rule: 10,
    shows: 'an exception is an uncaught exception, and others are still served',
    exitCode: 0,
    output: ['caught'],
    play: throwing,
  },
  'exception-fatal': {
    rule: 10,
    shows: 'an exception that nobody handles ends the process',
    exitCode: 1,
    output: ['thrown by a call-back'],
    play: (adapter, io) => {
      adapter.pollDispatchAdd(ready(io), () => {
        throw new Error('thrown by a call-back');
      });
    },
  },
  'exception-odd': {
    rule: 10,
    shows: 'what is thrown may be anything, and comes as it is',
    exitCode: 0,
    output: ['undefined', 'null', 'text', 'frozen', 'still served'],
    play: (adapter, io) => {
      const thrown: unknown[] = [undefined, null, 'text', Object.freeze({ name: 'frozen' })];
      const words = (value: unknown): string => (value as Error | null)?.name ?? String(value);
      process.on('uncaughtException', (value: unknown) => say(words(value)));
      const handle = adapter.pollDispatchAdd(ready(io), () => {
        if (thrown.length > 0) throw thrown.shift();
        handle.destroy();
        setTimeout(() => say('still served'), 20);
      });
    },
  },
  'job-exception': {
    rule: 10,
    shows: "a job's exception is an uncaught exception, and other jobs still run",
    exitCode: 0,
    output: ['uncaught thrown by a job', 'next job'],
    play: (adapter) => {
      process.on('uncaughtException', (error) => say(`uncaught ${error.message}`));
      adapter.pollJobAdd(() => {
        throw new Error('thrown by a job');
      });
      adapter.pollJobAdd(() => setTimeout(() => say('next job'), 5));
    },
  },
  ref: {
    rule: 11,
    shows: 'a watch keeps the process alive',
    exitCode: 0,
    output: ['served'],
    play: (adapter, io) => {
      const [near, far] = io.socketPair();
      const handle = adapter.pollDispatchAdd(near, () => {
        say('served');
        handle.destroy();
      });
      setTimeout(() => io.write(far, BYTE), 200).unref();
    },
  },
  'ref-again': {
    rule: 11,
    shows: 'a watch that is ref-ed again keeps the process alive, asked for nothing too',
    exitCode: 0,
    output: ['served'],
    play: (adapter, io) => {
      const [near, far] = io.socketPair();
      const handle = adapter.pollDispatchAdd(near, () => {
        say('served');
        handle.destroy();
      });
      handle.modify(0);
      handle.unref().unref().ref();
      setTimeout(() => io.close(far), 200).unref();
    },
  },
  unref: {
    rule: 11,
    shows: 'watches that are unref-ed let the process end',
    exitCode: 0,
    output: ['end'],
    play: (adapter, io) => {
      process.on('exit', () => say('end'));
      adapter.pollDispatchAdd(io.socketPair()[0], () => {}).unref();
      adapter.pollDispatchAdd(ready(io), () => {}).unref();
      const quiet = adapter.pollDispatchAdd(io.socketPair()[0], () => {});
      quiet.unref();
      quiet.modify(0);
    },
  },
  destroyed: {
    rule: 11,
    shows: 'watches that are destroyed let the process end',
    exitCode: 0,
    output: ['end'],
    play: (adapter, io) => {
      process.on('exit', () => say('end'));
      adapter.pollDispatchAdd(io.socketPair()[0], () => {}).destroy();
      const handle = adapter.pollDispatchAdd(ready(io), () => handle.destroy());
      const quiet = adapter.pollDispatchAdd(io.socketPair()[0], () => {});
      quiet.modify(0);
      setTimeout(() => quiet.destroy(), 5);
    },
  },
  'exit-inside': {
    rule: 11,
    shows: 'a call-back may end the process',
    exitCode: 7,
    output: ['leaving'],
    play: (adapter, io) => {
      adapter.pollDispatchAdd(ready(io), () => {
        say('leaving');
        process.exit(7);
      });
      adapter.pollDispatchAdd(ready(io), () => {});
    },
  },
  promises: {
    rule: 11,
    shows: 'promises and next ticks of a call-back run at once after it',
    exitCode: 0,
    output: ['tick and promise', 'timer'],
    play: (adapter, io) => {
      const [near, far] = io.socketPair();
      const handle = adapter.pollDispatchAdd(near, () => {
        handle.destroy();
        // In whichever order: that is the host's affair.
        const tick = new Promise<void>((resolve) => process.nextTick(resolve));
        Promise.all([tick, Promise.resolve()]).then(() => say('tick and promise'));
        setTimeout(say, 50, 'timer');
      });
      // When the start of the process is over, whose own turns would run what waits.
      setTimeout(() => io.write(far, BYTE), 50);
    },
  },
  job: {
    rule: 12,
    shows: 'a job runs before the process ends',
    exitCode: 0,
    output: ['first job', 'its job'],
    play: (adapter) => {
      adapter.pollJobAdd(() => {
        say('first job');
        adapter.pollJobAdd(() => say('its job'));
      });
    },
  },
};

/**
 * Plays a scenario in this process (or worker), which must have nothing else to do: the last thing
 * that a child process of the suite does.
 */
export function playPollScenario(
  name: PollScenario,
  adapter: PollAdapter,
  descriptors: PollDescriptors,
): void {
  if (!Object.hasOwn(scenarios, name)) throw new RangeError(`no such scenario: ${name}`);
  scenarios[name].play(adapter, descriptors);
}
