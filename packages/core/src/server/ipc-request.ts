// One request of an IpcServer. It is answered exactly once, at any later time, whatever other requests
// the connection carries meanwhile.

import { checkInteger, checkPayload, isPlainBuffer, MAX_INT32 } from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import { headerOnly, type Payload } from '../messages.js';
import type { ServerConnection } from '../server-engine/connection.js';
import { CS } from '../status.js';
import { ZeroCopyBuffer } from '../zero-copy-buffer.js';
import type { IpcConnection } from './ipc-connection.js';

/** Answers with what a handler has returned. The library's: not a method, which users would see. */
export let answerWith: (request: IpcRequest, bytes: Buffer) => void;

/** A request that a {@link RequestHandler} serves. */
export class IpcRequest {
  static {
    answerWith = (request, bytes) => request.#answer(bytes);
  }

  /** The command id. */
  readonly id: number;
  /**
   * The bytes after the header. Nobody else writes to them; up to 4 KiB they share a buffer with other
   * messages, like Node's own small Buffers.
   */
  readonly payload: Buffer;
  readonly connection: IpcConnection;
  readonly #link: ServerConnection;
  readonly #token: number;
  #answered = false;

  /** Called by the library alone. */
  constructor(payload: Buffer, connection: IpcConnection, link: ServerConnection) {
    this.id = link.requestId;
    this.payload = payload;
    this.connection = connection;
    this.#link = link;
    this.#token = link.token;
  }

  /** Whether the answer has been sent. */
  get answered(): boolean {
    return this.#answered;
  }

  /**
   * Sends the answer.
   *
   * @throws {CoroIpcError} BAD_OPERATION for a second answer, TOO_BIG beyond the client's response
   * buffer (the request still waits then), LIBRARY when the connection is over.
   */
  respond(payload?: Payload | ZeroCopyBuffer): void {
    if (isPlainBuffer(payload)) {
      this.#answer(payload);
    } else if (payload instanceof ZeroCopyBuffer) {
      this.#checkWaiting('respond');
      this.#link.respondIn(this.#token, this.id, payload);
      this.#answered = true;
    } else {
      this.#answer(checkPayload('payload', payload));
    }
  }

  /**
   * Answers with a status and no payload.
   *
   * @param status 2 to 2147483647: {@link CS} has the known ones.
   * @throws {CoroIpcError} as {@link respond}.
   */
  fail(status: number): void {
    checkInteger('status', status, CS.OK + 1, MAX_INT32);
    this.#checkWaiting('fail');
    this.#link.respond(this.#token, headerOnly(this.id, status));
    this.#answered = true;
  }

  #answer(bytes: Uint8Array): void {
    this.#checkWaiting('respond');
    this.#link.respondWith(this.#token, this.id, CS.OK, bytes);
    this.#answered = true;
  }

  #checkWaiting(what: string): void {
    if (this.#answered) throw answeredAlready(what, this.id);
  }
}

function answeredAlready(what: string, id: number): CoroIpcError {
  return new CoroIpcError(CS.ERR_BAD_OPERATION, `${what}: request ${id} is answered`);
}
