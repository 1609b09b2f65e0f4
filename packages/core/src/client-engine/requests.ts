// The requests of a client on their way: past the core once it is worth the memory of that, through it
// where there is no such way or something is not ordinary.

import type { TakeAnswer } from '../arrivals.js';
import { releaseMessage, requestMessage } from '../messages.js';
import { native, WANTS_ANSWERS } from '../native.js';
import { begins, ends, type Viewer, Wait } from '../rings/allowance.js';
import { ClientRings, NOTHING_DONE, SENT } from '../rings/client-rings.js';

export class Requests implements Viewer {
  readonly #client: number;
  #rings: ClientRings | undefined;
  readonly #wait = new Wait();
  /** A blocking call may have met answers to others, which the core keeps for them. */
  #coreHolds = false;

  constructor(client: number) {
    this.#client = client;
  }

  /** Sends a request: its token, or 0 when there is no room for it now. */
  send(id: number, payload: Uint8Array): number {
    const rings = this.#rings ?? this.#ringsNow();
    const token = rings === undefined ? 0 : rings.send(id, payload);
    if (token > 0) return token;
    const message = requestMessage(id, payload);
    try {
      return native.clientSend(this.#client, message);
    } finally {
      releaseMessage(message);
    }
  }

  /**
   * Sends a request and waits a little for its answer, past the core: where that is in the arrivals, with
   * `answerBytes`. Negative: the rest is to be done by `call` or `callInto`, which is given the number.
   */
  exchange(id: number, payload: Uint8Array): number {
    const rings = this.#rings ?? this.#ringsNow();
    return rings === undefined ? NOTHING_DONE : rings.exchange(id, payload);
  }

  /** Bytes of the answer that `exchange` has brought, header included. */
  get answerBytes(): number {
    return this.#rings?.answerBytes ?? 0;
  }

  /** Sends a request, unless `exchange` has, and waits for its answer: as `clientCall`. */
  call(exchanged: number, id: number, payload: Uint8Array, timeoutMs: number): number {
    if (exchanged === SENT) return native.clientFinish(this.#client, timeoutMs);
    this.blocks();
    const message = requestMessage(id, payload);
    try {
      return native.clientCall(this.#client, message, timeoutMs, false);
    } finally {
      releaseMessage(message);
    }
  }

  /** As `call`, and as `clientCallInto`. */
  callInto(
    exchanged: number,
    id: number,
    payload: Uint8Array,
    timeoutMs: number,
    into: Uint8Array,
  ): number {
    if (exchanged === SENT) return native.clientFinishInto(this.#client, timeoutMs, into);
    this.blocks();
    const message = requestMessage(id, payload);
    try {
      return native.clientCallInto(this.#client, message, timeoutMs, into);
    } finally {
      releaseMessage(message);
    }
  }

  /** To be called before every other wait for an answer in the core. */
  blocks(): void {
    this.#coreHolds = true;
  }

  /** Gives the answers that are there to `take`; false: the core has to be asked for others. */
  answers(take: TakeAnswer): boolean {
    // Those that it holds came before all that lie in the ring.
    return !this.#coreHolds && this.#rings?.answers(take) === true;
  }

  /** The core had no more answers. */
  coreHasNone(): void {
    this.#coreHolds = false;
  }

  /** Waits a little, awake, for what is wanted; whether it is there. */
  wait(wants: number): boolean {
    return (wants & WANTS_ANSWERS) !== 0 && this.#rings?.awaitAnswer() === true;
  }

  get flowControlled(): boolean {
    return this.#rings?.flowControlled ?? native.clientFlowControlled(this.#client);
  }

  /** The client is closed. */
  end(): void {
    ends(this);
    this.#rings = undefined;
  }

  makeWay(): void {
    this.#rings = undefined;
    native.clientHide(this.#client);
    this.#wait.again();
  }

  // They are there once they are worth it.
  #ringsNow(): ClientRings | undefined {
    if (!this.#wait.over()) return undefined;
    begins(this);
    this.#rings = ClientRings.of(this.#client);
    if (this.#rings === undefined) ends(this);
    return this.#rings;
  }
}
