// Messages on a stream of bytes: the length as a u32, then so many bytes.
const HEADER = 4;

/** A message with its length before it, in one piece. */
export function frameOf(message) {
  const frame = Buffer.allocUnsafe(HEADER + message.length);
  frame.writeUInt32LE(message.length);
  frame.set(message, HEADER);
  return frame;
}

/**
 * Takes a stream apart: `take` gets each message. One that came in one piece is not copied: it is a
 * view of that piece, good until `take` is left. One that came in several is put together.
 */
export class Parser {
  #take;
  #header = Buffer.alloc(HEADER);
  #headerBytes = 0;
  #message;
  #messageBytes = 0;

  constructor(take) {
    this.#take = take;
  }

  push(piece) {
    let at = 0;
    while (at < piece.length) {
      if (this.#message !== undefined || this.#headerBytes > 0 || piece.length - at < HEADER) {
        at = this.#goOn(piece, at);
        continue;
      }
      const length = piece.readUInt32LE(at);
      const start = at + HEADER;
      if (start + length > piece.length) {
        this.#begin(length);
        at = start;
      } else {
        at = start + length;
        this.#take(piece.subarray(start, at));
      }
    }
  }

  #begin(length) {
    this.#message = Buffer.allocUnsafe(length);
    this.#messageBytes = 0;
    this.#headerBytes = 0;
  }

  /** Goes on with what began in an earlier piece, or ends with this one. */
  #goOn(piece, at) {
    if (this.#message === undefined) {
      const copied = piece.copy(this.#header, this.#headerBytes, at);
      this.#headerBytes += copied;
      if (this.#headerBytes === HEADER) this.#begin(this.#header.readUInt32LE(0));
      return at + copied;
    }
    const copied = piece.copy(this.#message, this.#messageBytes, at);
    this.#messageBytes += copied;
    if (this.#messageBytes === this.#message.length) {
      const message = this.#message;
      this.#message = undefined;
      this.#take(message);
    }
    return at + copied;
  }
}
