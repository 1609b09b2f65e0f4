// A server's way past the core: small requests out of a connection's ring, their answers and dispatch
// messages into its rings, without a crossing. Whatever is not ordinary is the core's to do; both go
// on from the same ledger, one at a time, and the core counts what was done here when it looks next.

import { arrivedId } from '../arrivals.js';
import { REQUEST_HEADER_BYTES, RESPONSE_HEADER_BYTES } from '../messages.js';
import { native } from '../native.js';
import type { RingsShown } from '../native-rings.js';
import { CS } from '../status.js';
import {
  CLIENT_WORDS,
  LOOKS,
  MAY_DISPATCH,
  MAY_TAKE,
  SERVER_LEDGER,
  SERVER_WORDS,
  WANTS_CALLS,
  WANTS_DISPATCHES,
  WANTS_ROOM,
  wholeNumber,
} from './layout.js';
import { RingReader } from './ring-reader.js';
import { RingWriter } from './ring-writer.js';

const ID_LIMIT = 65_536;

/** Where `take` writes what it knows of a request. */
export interface RequestSlot {
  token: number;
  requestId: number;
  /** Where it is in the arrivals. */
  offset: number;
}

// V8 knows the constants of this module; those of another it looks up each time.
const {
  received: RECEIVED,
  noted: NOTED,
  dispatched: DISPATCHED,
  inFlight: IN_FLIGHT,
  rung: RUNG,
  may: MAY,
  current: CURRENT,
  taken: TAKEN,
  responded: RESPONDED,
  sent: SENT,
  untold: UNTOLD,
  spins: SPINS,
  due: DUE,
} = SERVER_LEDGER;

export class ServerRings {
  readonly #tellCore: () => void;
  readonly #ledger: Int32Array;
  readonly #theirs: Int32Array;
  readonly #requests: RingReader;
  readonly #responses: RingWriter;
  readonly #dispatches: RingWriter;
  readonly #maxInFlight: number;

  /** Those of a connection; undefined where there are none to be seen. */
  static of(connection: number): ServerRings | undefined {
    const shown = native.connectionRings(connection);
    if (shown === undefined) return undefined;
    return new ServerRings(shown, () => native.connectionTell(connection));
  }

  /** `tell` has the core wake the client, now or soon. */
  constructor(shown: RingsShown, tell: () => void) {
    const ours = new Int32Array(shown.ours);
    const ledger = new Int32Array(shown.ledger);
    const first = shown.controlBytes;
    this.#tellCore = tell;
    this.#ledger = ledger;
    this.#theirs = new Int32Array(shown.theirs);
    this.#requests = new RingReader(
      this.#theirs,
      { at: first, bytes: shown.requestBytes },
      REQUEST_HEADER_BYTES,
      ID_LIMIT,
      ours,
      SERVER_WORDS.requestHead,
      ledger,
      SERVER_LEDGER.requests,
    );
    this.#responses = new RingWriter(
      ours,
      { at: first, bytes: shown.responseBytes },
      ledger,
      SERVER_LEDGER.responses,
    );
    this.#dispatches = new RingWriter(
      ours,
      { at: first + 2 * shown.responseBytes, bytes: shown.dispatchBytes },
      ledger,
      SERVER_LEDGER.dispatches,
    );
    this.#maxInFlight = shown.maxInFlight;
  }

  /**
   * Waits a little for the next request and takes it: its size, with the rest in `slot`, or 0 when the
   * core has to look.
   */
  take(slot: RequestSlot): number {
    const ledger = this.#ledger;
    // Of rings that are not to be seen any more, all words are undefined.
    if (!this.#may(MAY_TAKE)) return 0;
    if ((ledger[IN_FLIGHT] as number) >= this.#maxInFlight) return 0;
    const low = ((ledger[RECEIVED] as number) + 1) | 0;
    const high = ledger[RECEIVED + 1] as number;
    if (low === 0) return 0;
    const requests = this.#requests;
    const offset = requests.next(this.#looks(), low, high);
    if (offset < 0) return 0;
    ledger[RECEIVED] = low;
    this.#add(IN_FLIGHT, 1);
    this.#add(TAKEN, 1);
    ledger[UNTOLD] = (ledger[UNTOLD] as number) | WANTS_ROOM;
    slot.token = wholeNumber(ledger, RECEIVED);
    slot.requestId = arrivedId(offset);
    slot.offset = offset;
    return requests.size;
  }

  /** Answers the request that `take` took last; false: the core has to. */
  respond(token: number, id: number, status: number, payload: Uint8Array): boolean {
    const ledger = this.#ledger;
    if (!this.#may(MAY_TAKE)) return false;
    const low = ledger[RECEIVED] as number;
    // Of several that are not answered the core keeps account.
    if ((((ledger[NOTED] as number) + 1) | 0) !== low) return false;
    if (token !== wholeNumber(ledger, RECEIVED)) return false;
    const high = ledger[RECEIVED + 1] as number;
    if (!this.#responses.put(low, high, RESPONSE_HEADER_BYTES, id, status, payload)) return false;
    ledger[NOTED] = low;
    this.#add(IN_FLIGHT, -1);
    this.#add(RESPONDED, 1);
    this.#tell(WANTS_CALLS);
    return true;
  }

  /** Sends a dispatch message; false: the core has to. */
  dispatch(id: number, payload: Uint8Array): boolean {
    const ledger = this.#ledger;
    if (!this.#may(MAY_DISPATCH)) return false;
    const low = ((ledger[DISPATCHED] as number) + 1) | 0;
    const high = ledger[DISPATCHED + 1] as number;
    if (low === 0) return false;
    if (!this.#dispatches.put(low, high, RESPONSE_HEADER_BYTES, id, CS.OK, payload)) return false;
    ledger[DISPATCHED] = low;
    this.#add(SENT, 1);
    this.#tell(WANTS_DISPATCHES);
    return true;
  }

  // How often to look before the core waits.
  #looks(): number {
    return this.#ledger[SPINS] === 0 ? 1 : LOOKS;
  }

  #may(what: number): boolean {
    return ((this.#ledger[MAY] as number) & what) !== 0;
  }

  #add(word: number, what: number): void {
    this.#ledger[word] = (this.#ledger[word] as number) + what;
  }

  // One that has long been asleep is rung for now, so an older value of its word will do; one that falls
  // asleep at this moment when the core has looked behind a fence. It does so soon by itself while it has
  // a request of this connection served, and once it was told.
  #tell(wants: number): void {
    const ledger = this.#ledger;
    const untold = ledger[UNTOLD] as number;
    ledger[UNTOLD] = untold | wants;
    const word = this.#theirs[CLIENT_WORDS.sleep] as number;
    const asleep = (word & wants) !== 0 && word !== ledger[RUNG];
    const arranged = ledger[DUE] !== 0 || ledger[CURRENT] !== 0;
    if (asleep || !arranged) this.#tellCore();
  }
}
