// The way of a connection's requests to the owner: brought by the core, or found past it.
//
// Invariant: whatever an owner throws is raised where the core was entered, and its request answered.

import { arrivedAt } from '../arrivals.js';
import {
  HEAD_ID,
  HEAD_SEEN,
  HEAD_SEEN_OFFSET,
  HEAD_TOKEN,
  HEAD_ZERO_COPY,
  scratchDoubles,
  scratchInts,
} from '../scratch.js';
import { CS } from '../status.js';
import type { ServerConnection } from './connection.js';
import type { Failures } from './failures.js';
import type { ServerOwner } from './owner.js';

/** What became of a request: there was none; it was served; it was, and left work for promises. */
export type Served = typeof NOTHING | typeof DONE | typeof LEFT_WORK;
export const NOTHING = 0;
export const DONE = 1;
export const LEFT_WORK = 2;

export class Serving {
  readonly #connections: ReadonlyMap<number, ServerConnection>;
  readonly #owner: ServerOwner;
  readonly #failures: Failures;
  /** Who asked last is asked for first. */
  #last: ServerConnection | undefined;

  constructor(
    connections: ReadonlyMap<number, ServerConnection>,
    owner: ServerOwner,
    failures: Failures,
  ) {
    this.#connections = connections;
    this.#owner = owner;
    this.#failures = failures;
  }

  /** Serves the request whose particulars are in the scratch. */
  serve(number: number, size: number): Served {
    const last = this.#last;
    const connection = last?.number === number ? last : this.#connections.get(number);
    if (connection === undefined) return NOTHING;
    this.#last = connection;
    connection.token = scratchDoubles[HEAD_TOKEN] as number;
    connection.requestId = scratchInts[HEAD_ID] as number;
    connection.offset = arrivedAt();
    const zeroCopy = scratchInts[HEAD_ZERO_COPY] !== 0;
    if (zeroCopy) {
      connection.liesIn(scratchInts[HEAD_SEEN] as number, scratchInts[HEAD_SEEN_OFFSET] as number);
    }
    try {
      connection.used();
    } catch (error) {
      this.#failures.raise(error);
    }
    return this.#request(connection, size, zeroCopy);
  }

  /** Serves the next request of the connection that was served last; NOTHING: the core has to look. */
  serveNext(number: number): Served {
    const connection = this.#last;
    if (connection === undefined || connection.number !== number) return NOTHING;
    const size = connection.rings?.take(connection) ?? 0;
    return size === 0 ? NOTHING : this.#request(connection, size, false);
  }

  /** A connection is released. */
  forget(connection: ServerConnection): void {
    if (this.#last === connection) this.#last = undefined;
  }

  // No closure is made for a request.
  #request(connection: ServerConnection, size: number, zeroCopy: boolean): Served {
    const { token, requestId } = connection;
    try {
      const left = this.#owner.request(connection, requestId, size, zeroCopy);
      return left ? LEFT_WORK : DONE;
    } catch (error) {
      this.#failures.raise(error);
      connection.refuse(token, requestId, CS.ERR_LIBRARY);
      return DONE;
    }
  }
}
