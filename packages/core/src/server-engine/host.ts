// The core's call-backs, turned into calls of an owner with connections in place of numbers.
//
// Invariants: no call-back throws. A connection is in the map from `admit` to `released`. What
// the core asks about a number that is not there is answered as if the connection were over.

import { KEY_TIMER, type NativeServerHost, TURNED_AWAY } from '../native.js';
import { CS } from '../status.js';
import { ServerConnection } from './connection.js';
import type { Failures } from './failures.js';
import { LOG_ERR, type ServerOwner } from './owner.js';
import { Serving } from './serving.js';
import type { ServerWatches, WatchTarget } from './watches.js';

/** What the call-backs work on, all of it the engine's. */
export interface HostParts {
  readonly owner: ServerOwner;
  readonly watches: ServerWatches;
  readonly target: WatchTarget;
  readonly failures: Failures;
  /** Takes the key of a connection that the poll system did not take. */
  unwatched(key: number): void;
  /** The core's server is gone. */
  closed(): void;
}

/** The call-backs of one server, which use no `this`, and the way of its requests. */
export function serverHost(parts: HostParts): { host: NativeServerHost; serving: Serving } {
  const { owner, failures } = parts;
  const connections = new Map<number, ServerConnection>();
  const serving = new Serving(connections, owner, failures);

  // Runs `use` on the connection of a number; an exception or an unknown number is `otherwise`.
  function on<Result>(
    number: number,
    otherwise: Result,
    use: (connection: ServerConnection) => Result,
  ): Result {
    const connection = connections.get(number);
    if (connection === undefined) return otherwise;
    return guarded(otherwise, () => use(connection));
  }

  function guarded<Result>(otherwise: Result, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      failures.raise(error);
      return otherwise;
    }
  }

  const host: NativeServerHost = {
    ...watching(parts, guarded),
    admit(number, service, uid, gid, pid, generation, fd) {
      const identity = { number, service, uid, gid, pid, generation, fd };
      const connection = new ServerConnection(identity);
      connections.set(number, connection);
      return guarded<number>(CS.ERR_SECURITY, () => owner.admit(connection));
    },
    connected(number) {
      return on<number>(number, CS.ERR_LIBRARY, (connection) => {
        connection.phase = 'open';
        return owner.connected(connection);
      });
    },
    disconnected(number) {
      return on(number, true, (connection) => {
        connection.phase = 'ended';
        connection.dropRings();
        connection.failOffers();
        return owner.disconnected(connection);
      });
    },
    released(number) {
      on(number, undefined, (connection) => {
        connection.phase = 'released';
        serving.forget(connection);
        connections.delete(number);
        owner.released(connection);
      });
    },
    counted(number, counter, value) {
      on(number, undefined, (connection) => owner.counted(connection, counter, value));
    },
    drained(number) {
      on(number, undefined, (connection) => owner.drained(connection));
    },
    bufferAnswered(number) {
      on(number, undefined, (connection) => connection.bufferAnswered());
    },
    turnedAway(why) {
      const reason = TURNED_AWAY[why];
      if (reason !== undefined) guarded(undefined, () => owner.turnedAway(reason));
    },
    log(level, message) {
      guarded(undefined, () => owner.log(level, message));
    },
    closed() {
      parts.closed();
      guarded(undefined, () => owner.ended());
    },
  };
  return { host, serving };
}

type Guarded = <Result>(otherwise: Result, run: () => Result) => Result;

function watching(
  { owner, watches, target, failures, unwatched }: HostParts,
  guarded: Guarded,
): Pick<NativeServerHost, 'pollAdd' | 'pollModify' | 'pollRemove' | 'pollJob'> {
  return {
    pollAdd(fd, key) {
      try {
        watches.add(fd, key, target);
      } catch (error) {
        const ofConnection = key > KEY_TIMER;
        if (ofConnection) unwatched(key);
        if (ofConnection && watches.systemOnly) {
          guarded(undefined, () => owner.log(LOG_ERR, `a connection cannot be watched: ${error}`));
        } else {
          failures.raise(error);
        }
      }
    },
    pollModify(fd, key, events) {
      guarded(undefined, () => watches.modify(fd, key, events));
    },
    pollRemove(fd, key) {
      guarded(undefined, () => watches.remove(fd, key));
    },
    pollJob() {
      return guarded(false, () => watches.job(() => target.turn()));
    },
  };
}
