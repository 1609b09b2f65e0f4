// The handle of a connection, and what is under way on it.
//
// Invariants: at most one answer is lent in place (between in_buf get and put), and at most one
// dispatch message (between dispatch get and put). While one is lent, a function that would
// overwrite it is BUSY.

import { describe } from '../arguments.js';
import type { ClientEngine } from '../client-engine/engine.js';
import { CoroIpcError } from '../errors.js';
import { CS } from '../status.js';

/** A connection of `serviceConnect`. */
export interface ServiceHandle {
  /** The socket name it is connected to. */
  readonly name: string;
  /** Whether it was disconnected. */
  readonly closed: boolean;
}

export class Connection implements ServiceHandle {
  readonly engine: ClientEngine;
  /** The zero-copy buffers it holds. */
  readonly zeroCopy: Set<ArrayBuffer> = new Set<ArrayBuffer>();
  #answerLent = false;
  #messageLent = false;

  constructor(engine: ClientEngine) {
    this.engine = engine;
  }

  get name(): string {
    return this.engine.name;
  }

  get closed(): boolean {
    return this.engine.closed;
  }

  /** Goes before a request. */
  checkAnswerFree(): void {
    this.#checkOpen();
    if (this.#answerLent) throw busy('msgSendReplyReceiveInBufPut');
  }

  lendAnswer(): void {
    this.#answerLent = true;
  }

  /** Throws BAD_OPERATION when no answer is lent. */
  returnAnswer(): void {
    this.#checkOpen();
    if (!this.#answerLent) throw notLent('msgSendReplyReceiveInBufPut', 'answer');
    this.#answerLent = false;
  }

  /** Goes before taking a dispatch message. */
  checkMessageFree(): void {
    this.#checkOpen();
    if (this.#messageLent) throw busy('dispatchPut');
  }

  lendMessage(): void {
    this.#messageLent = true;
  }

  /** Throws BAD_OPERATION when no message is lent. */
  returnMessage(): void {
    this.#checkOpen();
    if (!this.#messageLent) throw notLent('dispatchPut', 'message');
    this.#messageLent = false;
  }

  close(): void {
    this.#checkOpen();
    this.zeroCopy.clear();
    this.engine.close();
  }

  #checkOpen(): void {
    if (this.engine.closed) {
      throw new CoroIpcError(CS.ERR_BAD_HANDLE, `the connection to "${this.name}" is closed`);
    }
  }
}

/** The connection of a handle that a user gave. */
export function connectionOf(handle: ServiceHandle): Connection {
  if (handle instanceof Connection) return handle;
  throw new TypeError(`handle must be what serviceConnect returned, got ${describe(handle)}`);
}

function busy(release: string): CoroIpcError {
  return new CoroIpcError(CS.ERR_BUSY, `a view is lent until ${release} is called`);
}

function notLent(release: string, what: string): CoroIpcError {
  return new CoroIpcError(CS.ERR_BAD_OPERATION, `${release}: no ${what} is lent`);
}
