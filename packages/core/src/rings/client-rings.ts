// A client's way past the core: small requests into the ring, and the answer to one that blocks out of
// it, without a crossing. Whatever is not ordinary is the core's to do; both go on from the same
// ledger, one at a time.

import { arrived, arrivedInt, type TakeAnswer } from '../arrivals.js';
import { REQUEST_HEADER_BYTES, RESPONSE_HEADER_BYTES, STATUS_AT } from '../messages.js';
import { native } from '../native.js';
import type { RingsShown } from '../native-rings.js';
import {
  CLIENT_LEDGER,
  CLIENT_WORDS,
  LOOKS,
  SERVER_WORDS,
  WANTS_CALLS,
  WANTS_ROOM,
  wholeNumber,
} from './layout.js';
import { NONE, RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';

/** What `exchange` says where it has no answer: the core has to do all, or the rest. */
export const NOTHING_DONE = -1;
export const SENT = -2;

/** A server answers with what ids it likes. */
const ANY_ID = 2 ** 32;

// V8 knows the constants of this module; those of another it looks up each time.
const {
  sent: LAST_SENT,
  noted: NOTED,
  inFlight: IN_FLIGHT,
  over: OVER,
  rung: RUNG,
  untold: UNTOLD,
  spins: SPINS,
} = CLIENT_LEDGER;

export class ClientRings {
  readonly #tell: () => void;
  readonly #ledger: Int32Array;
  readonly #theirs: Int32Array;
  readonly #requests: RingWriter;
  readonly #responses: RingReader;
  readonly #maxInFlight: number;

  /** Those of a connection; undefined where there are none to be seen. */
  static of(client: number): ClientRings | undefined {
    const shown = native.clientRings(client);
    if (shown === undefined) return undefined;
    return new ClientRings(shown, () => native.clientTell(client));
  }

  /** `tell` has the core wake the server. */
  constructor(shown: RingsShown, tell: () => void) {
    const ours = new Int32Array(shown.ours);
    this.#tell = tell;
    this.#ledger = new Int32Array(shown.ledger);
    this.#theirs = new Int32Array(shown.theirs);
    this.#requests = new RingWriter(
      ours,
      { at: shown.controlBytes, bytes: shown.requestBytes },
      this.#ledger,
      CLIENT_LEDGER.requests,
    );
    this.#responses = new RingReader(
      this.#theirs,
      { at: shown.controlBytes, bytes: shown.responseBytes },
      RESPONSE_HEADER_BYTES,
      ANY_ID,
      ours,
      CLIENT_WORDS.responseHead,
      this.#ledger,
      CLIENT_LEDGER.responses,
    );
    this.#maxInFlight = shown.maxInFlight;
  }

  /** Sends a request: its token, or 0 where the core has to. */
  send(id: number, payload: Uint8Array): number {
    const ledger = this.#ledger;
    // Of rings that are not to be seen any more, all words are undefined.
    if (ledger[OVER] !== 0) return 0;
    if ((ledger[IN_FLIGHT] as number) >= this.#maxInFlight) return 0;
    if (!this.#put(id, payload)) return 0;
    ledger[IN_FLIGHT] = (ledger[IN_FLIGHT] as number) + 1;
    if (this.#asleep()) this.#tell();
    return wholeNumber(ledger, LAST_SENT);
  }

  /** Bytes of the answer that `exchange` has brought, header included. */
  get answerBytes(): number {
    return this.#responses.size;
  }

  /**
   * Sends a request while none is in flight, and waits a little for its answer: where that is in the
   * arrivals. NOTHING_DONE, or SENT.
   */
  exchange(id: number, payload: Uint8Array): number {
    const ledger = this.#ledger;
    if (ledger[OVER] !== 0 || ledger[IN_FLIGHT] !== 0) return NOTHING_DONE;
    if (!this.#put(id, payload)) return NOTHING_DONE;
    const low = ledger[LAST_SENT] as number;
    const high = ledger[LAST_SENT + 1] as number;
    const responses = this.#responses;
    const offset = this.#asleep() ? NONE : responses.next(this.#looks(), low, high);
    if (offset < 0) {
      // The core does not know of the request until it is asked for its answer.
      ledger[IN_FLIGHT] = 1;
      return SENT;
    }
    // Who has answered it knew of it, and has no other answer to find room for.
    ledger[UNTOLD] = 0;
    ledger[NOTED] = low;
    return offset;
  }

  /**
   * Takes the answers that are there and gives them to `take`, as long as each is that to the first request
   * that the core does not know of. False: there are others, which the core has to look at.
   */
  answers(take: TakeAnswer): boolean {
    const ledger = this.#ledger;
    const responses = this.#responses;
    for (;;) {
      if (ledger[OVER] !== 0) return false;
      const noted = ledger[NOTED] as number;
      const low = (noted + 1) | 0;
      const offset = responses.next(1, low, ledger[NOTED + 1] as number);
      if (offset === NONE) return true;
      if (offset < 0 || noted === ledger[LAST_SENT] || low === 0) return false;
      const { size } = responses;
      // Others may wait at the server for want of room.
      ledger[UNTOLD] = (ledger[UNTOLD] as number) | WANTS_ROOM;
      ledger[NOTED] = low;
      ledger[IN_FLIGHT] = (ledger[IN_FLIGHT] as number) - 1;
      take(
        wholeNumber(ledger, NOTED),
        arrivedInt(offset + STATUS_AT),
        arrived(offset + RESPONSE_HEADER_BYTES, size - RESPONSE_HEADER_BYTES),
      );
    }
  }

  /** Waits a little for one. */
  awaitAnswer(): boolean {
    return this.#ledger[OVER] === 0 && this.#responses.wait(this.#looks());
  }

  /** Whether messages wait at the server; undefined: the core has to look. */
  get flowControlled(): boolean | undefined {
    if (this.#ledger[OVER] !== 0) return undefined;
    return Atomics.load(this.#theirs, SERVER_WORDS.backlog) !== 0;
  }

  #put(id: number, payload: Uint8Array): boolean {
    const ledger = this.#ledger;
    const low = ((ledger[LAST_SENT] as number) + 1) | 0;
    const high = ledger[LAST_SENT + 1] as number;
    if (low === 0) return false;
    if (!this.#requests.put(low, high, REQUEST_HEADER_BYTES, id, 0, payload)) return false;
    ledger[LAST_SENT] = low;
    return true;
  }

  // Whether the server has long been asleep for requests, and was not rung for since. Of one that falls
  // asleep just now the core will know, so an older value of the word will do.
  #asleep(): boolean {
    const ledger = this.#ledger;
    ledger[UNTOLD] = (ledger[UNTOLD] as number) | WANTS_CALLS;
    const word = this.#theirs[SERVER_WORDS.sleep] as number;
    return (word & WANTS_CALLS) !== 0 && word !== ledger[RUNG];
  }

  // How often to look before the core waits.
  #looks(): number {
    return this.#ledger[SPINS] === 0 ? 1 : LOOKS;
  }
}
