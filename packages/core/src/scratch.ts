// One piece of memory that this thread's JavaScript and the C++ core both read and write, so that a
// small message crosses the border without an object being made. `native/js/scratch.h` has the same
// layout.
//
// What is in it is good until either side writes the next thing there: each takes what it needs
// before it calls anything that could.

/** The whole of it: a head, then room for messages. */
export const scratch: ArrayBuffer = new ArrayBuffer(8192);
export const scratchBytes: Buffer = Buffer.from(scratch);
export const scratchInts: Int32Array = new Int32Array(scratch);
export const scratchDoubles: Float64Array = new Float64Array(scratch);

/** Where messages begin, in bytes. */
export const SCRATCH_MESSAGE = 64;
/** The most bytes of a message that crosses alone: of one with a payload of 4 KiB. */
export const SCRATCH_SMALL: number = 4096 + 24;

// The head, as indices of scratchDoubles and scratchInts.

/** The connection that a request came on. */
export const HEAD_CONNECTION = 0;
/** The request's token, or an answer's. */
export const HEAD_TOKEN = 1;
/** The request's command id, and whether it lies in a zero-copy buffer. */
export const HEAD_ID = 4;
export const HEAD_ZERO_COPY = 6;
/** The status of a message in a buffer of the server's, whose number is in HEAD_CONNECTION. */
export const HEAD_STATUS = 5;
/** A blocking function took a wake-up that the client's loop waits for. */
export const HEAD_ATTENTION = 7;
/**
 * Where a message, or the first of several, lies in the arrivals, or in memory that was returned;
 * negative: it is to be fetched.
 */
export const HEAD_OFFSET = 8;
/** How many bytes of the arrivals are taken. */
export const HEAD_ARRIVED = 9;
/** The server looks at no connection but that of the request. */
export const HEAD_ALONE = 10;

/**
 * The client's buffer that a request lies in, if `requestView` has shown it before, and where in it;
 * negative: it has not. As `requestView` says it: the buffer that it shows, if it is one that lasts.
 */
export const HEAD_SEEN = 11;
export const HEAD_SEEN_OFFSET = 12;

/** A small message, from its first byte on. */
export const MESSAGE_INT: number = SCRATCH_MESSAGE / 4;
