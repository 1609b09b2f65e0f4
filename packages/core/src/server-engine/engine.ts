// The one engine under both server APIs: it opens, drives and closes the native server, has its
// descriptors watched, and brings exceptions of users' functions out where the core was entered.
//
// Invariants:
//  - The engine's name is told to `served-names.ts` while it listens.
//  - After `close` began no function enters the core for the server but `dispatch`, which goes on
//    until `closed`, since disconnect functions may be busy.
//
// Everything here runs on the thread that opened the server. A server may be closed inside any
// function that it calls.

import { CoroIpcError } from '../errors.js';
import { native, SERVER_ALIVE, SERVER_WANTS_TURN } from '../native.js';
import type { PollEvents } from '../poll/contract.js';
import { REQUESTS_BETWEEN_CORE } from '../rings/layout.js';
import { HEAD_ALONE, HEAD_CONNECTION, scratchDoubles, scratchInts } from '../scratch.js';
import { beginsToServe, endsToServe } from '../served-names.js';
import { CS } from '../status.js';
import { runTicks } from '../ticks.js';
import type { Wire } from '../wires.js';
import type { PathAccess } from './access.js';
import type { ServerConnection } from './connection.js';
import { Failures } from './failures.js';
import { serverHost } from './host.js';
import type { ServerLimits } from './limits.js';
import type { ServerOwner } from './owner.js';
import { LEFT_WORK, NOTHING, type Served, type Serving } from './serving.js';
import type { ServerWatches, WatchTarget } from './watches.js';

/** What an engine opens its server with. */
export interface EngineOptions {
  readonly access: PathAccess;
  readonly wires: readonly Wire[];
  readonly limits: ServerLimits;
  /** Whether the owner wants to hear of counters that change. */
  readonly countChanges: boolean;
  /** Whether a connection's next request waits until the one before is answered. */
  readonly oneAtATime: boolean;
}

export class ServerEngine implements WatchTarget {
  readonly name: string;
  readonly #owner: ServerOwner;
  readonly #watches: ServerWatches;
  readonly #failures: Failures;
  #server: number | undefined;
  #closing = false;
  #inTurn = false;
  #serving: Serving | undefined;
  #unwatched: number[] = [];

  constructor(name: string, owner: ServerOwner, watches: ServerWatches) {
    this.name = name;
    this.#owner = owner;
    this.#watches = watches;
    this.#failures = new Failures(name);
  }

  /** Binds, listens and starts to be watched. Called once. */
  open(options: EngineOptions): void {
    const { host, serving } = serverHost({
      owner: this.#owner,
      watches: this.#watches,
      target: this,
      failures: this.#failures,
      unwatched: (key) => this.#unwatched.push(key),
      closed: () => {
        this.#server = undefined;
      },
    });
    this.#serving = serving;
    const { access, wires, limits, ...rest } = options;
    const outer = this.#failures.enter();
    try {
      const wire = { native: wires.includes('native'), classic: wires.includes('classic') };
      const asked = { name: this.name, ...access, ...limits, ...rest, ...wire };
      this.#server = native.serverOpen(asked, host);
      // A server whose own descriptors the poll system did not take is not open.
      if (this.#failures.any) native.serverClose(this.#server);
    } finally {
      this.#failures.leave(outer);
    }
    beginsToServe(this.name);
  }

  accept(): void {
    if (this.#server === undefined || this.#closing) return;
    const outer = this.#failures.enter();
    try {
      native.serverAccept(this.#server);
    } finally {
      this.#leave(outer);
    }
  }

  dispatch(key: number, revents: PollEvents): boolean {
    if (this.#server === undefined) return false;
    const outer = this.#failures.enter();
    try {
      const said = native.serverDispatch(this.#server, key, revents);
      if ((said & SERVER_WANTS_TURN) !== 0) this.#takeTurn();
      return (said & SERVER_ALIVE) !== 0;
    } finally {
      this.#leave(outer);
    }
  }

  turn(): void {
    const outer = this.#failures.enter();
    try {
      this.#takeTurn();
    } finally {
      this.#leave(outer);
    }
  }

  /** Begins to end every connection of a service; returns how many are left. */
  endService(service: number): number {
    if (this.#server === undefined) return 0;
    const outer = this.#failures.enter();
    try {
      return native.serverEndService(this.#server, service);
    } finally {
      this.#leave(outer);
    }
  }

  /** Begins to end one connection. */
  endConnection(connection: ServerConnection): void {
    if (connection.phase !== 'open') return;
    const outer = this.#failures.enter();
    try {
      native.connectionEnd(connection.number);
    } finally {
      this.#leave(outer);
    }
  }

  /** Ends everything; the owner's `ended` is called when that is done, which may be at once. */
  close(): void {
    if (this.#server === undefined || this.#closing) return;
    this.#closing = true;
    endsToServe(this.name);
    const outer = this.#failures.enter();
    try {
      native.serverClose(this.#server);
    } finally {
      this.#leave(outer);
    }
  }

  /** Whether the watches keep the process alive. */
  ref(on: boolean): void {
    this.#watches.ref(on);
  }

  /** Takes an exception of a user's function, to throw it where the core was entered. */
  raise(error: unknown): void {
    this.#failures.raise(error);
  }

  // Serves request after request until the core says that it is time for the host's loop. A handler
  // that drives that loop must not serve inside of itself.
  #takeTurn(): void {
    if (this.#inTurn) return;
    this.#inTurn = true;
    try {
      while (this.#server !== undefined) {
        const size = native.serverNext(this.#server);
        if (size === 0) return;
        const connection = scratchDoubles[HEAD_CONNECTION] as number;
        const alone = scratchInts[HEAD_ALONE] !== 0;
        if (!this.#runTicks(this.#serving?.serve(connection, size) ?? NOTHING)) return;
        if (alone && !this.#goOn(connection)) return;
      }
    } finally {
      this.#inTurn = false;
    }
  }

  // Serves those of a connection that follow at once, without the core, where nobody else waits. What
  // the core does in between, such as to look at the clock, is not put off for long.
  #goOn(connection: number): boolean {
    for (let left = REQUESTS_BETWEEN_CORE; left > 0; left -= 1) {
      const served = this.#serving?.serveNext(connection) ?? NOTHING;
      if (served === NOTHING) return true;
      if (!this.#runTicks(served)) return false;
    }
    return true;
  }

  // Runs what a handler may have left to promises. Whether the turn goes on.
  #runTicks(served: Served): boolean {
    if (runTicks !== undefined) {
      runTicks();
    } else if (served === LEFT_WORK) {
      this.#later();
      return false;
    }
    return true;
  }

  // Promises run when this turn has ended, and the core is in the midst of its own.
  #later(): void {
    setImmediate(() => this.turn());
  }

  #leave(outer: unknown[] | undefined): void {
    if (this.#unwatched.length > 0 && this.#failures.outermost) this.#endUnwatched();
    this.#failures.leave(outer);
  }

  // A connection that the poll system did not take would never be heard: it ends.
  #endUnwatched(): void {
    for (const key of this.#unwatched.splice(0)) {
      try {
        native.connectionEnd(key);
      } catch (error) {
        if (!CoroIpcError.is(error, CS.ERR_BAD_HANDLE)) this.raise(error);
      }
    }
  }
}
