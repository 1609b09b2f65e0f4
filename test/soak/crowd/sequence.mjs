// The receiving side of a numbered stream, and what can be wrong with one.
import { numberOf } from './numbered.mjs';

export const NOTHING_WRONG = { lost: 0, doubled: 0, outOfOrder: 0, changed: 0 };

export const FAULTS = Object.keys(NOTHING_WRONG);

/** Adds faults to others. */
export function add(total, faults) {
  for (const name of FAULTS) total[name] += faults[name];
  return total;
}

/** A stream of which every number is due, in order. */
export class Sequence {
  count = 0;
  #connection;
  #stream;
  #due = 0;
  #missing = new Set();
  #wrong = { ...NOTHING_WRONG };

  constructor(connection, stream) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Takes the next message; its number, or undefined when it is none of this stream's. */
  take(message) {
    this.count += 1;
    const number = numberOf(this.#connection, this.#stream, message);
    if (number === undefined) {
      // It has lost its own number, so it stands for the one that was due.
      this.#wrong.changed += 1;
      this.#due += 1;
    } else if (number >= this.#due) {
      for (let missing = this.#due; missing < number; missing++) this.#missing.add(missing);
      this.#due = number + 1;
    } else {
      this.#wrong[this.#missing.delete(number) ? 'outOfOrder' : 'doubled'] += 1;
    }
    return number;
  }

  /** What was wrong, when so many were sent; of a stream that was cut off, with what came. */
  faults(sent = this.#due) {
    const { doubled, outOfOrder, changed } = this.#wrong;
    return {
      lost: this.#missing.size + Math.max(0, sent - this.#due),
      doubled: doubled + Math.max(0, this.#due - sent),
      outOfOrder,
      changed,
    };
  }
}

/** A stream that may have gaps, of calls that were given up: its numbers only rise. */
export class Rising {
  count = 0;
  #connection;
  #stream;
  #last = -1;
  #wrong = { ...NOTHING_WRONG };

  constructor(connection, stream) {
    this.#connection = connection;
    this.#stream = stream;
  }

  take(message) {
    this.count += 1;
    const number = numberOf(this.#connection, this.#stream, message);
    if (number === undefined) this.#wrong.changed += 1;
    else if (number === this.#last) this.#wrong.doubled += 1;
    else if (number < this.#last) this.#wrong.outOfOrder += 1;
    else this.#last = number;
    return number;
  }

  faults() {
    return { ...this.#wrong };
  }
}
