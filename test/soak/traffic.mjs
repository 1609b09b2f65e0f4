// What both processes of the soak know: the service, its commands, the kinds of messages, and how
// one stalls.
import { Content } from './stream.mjs';

export const SERVICE = 7;
/** What a connection is made with, one of each. */
export const LIMITS = { ringBytes: [4096, 16384, 65536], inFlight: [2, 20, 200, 2000] };
/** Where the search for the largest message begins: a wire may round a ring up. */
export const MOST_BYTES = 1 << 17;

export const COMMAND = {
  /** Calls of promises, answered in any order. */
  PIPELINED: 1,
  /** Calls that block. */
  SYNCHRONOUS: 2,
  /** Begins the stream of dispatch messages. */
  BEGIN: 3,
  /** Ends it; the answer says how many there were. */
  END: 4,
  /** What the server received, when it should have been so many of each: as JSON. */
  OUTCOME: 5,
  /** Answers with as many bytes as the request's first u32 says. */
  FILL: 6,
};

export const contents = ({ request, response, dispatch }) => ({
  pipelined: { request: new Content(1, request), response: new Content(2, response) },
  synchronous: { request: new Content(3, request), response: new Content(4, response) },
  dispatch: new Content(5, dispatch),
});

/** A whole number from 0 to below `limit`. */
export const random = (limit) => Math.floor(Math.random() * limit);

/** One of them. */
export const oneOf = (these) => these[random(these.length)];

const never = new Int32Array(new SharedArrayBuffer(4));

/** Stands still, the loop included. */
export const block = (ms) => void Atomics.wait(never, 0, 0, ms);

/** The largest size that `works`. */
export function largest(works) {
  let [good, bad] = [0, MOST_BYTES + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (works(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
