// What the soak sends: streams of messages whose size and content follow from their number alone,
// so that the other side knows what is due without being told. Each is a piece of one pool of random
// bytes, compared whole: that is cheaper than any sum over it.

const POOL_BYTES = 1 << 20;
const POOL_MASK = POOL_BYTES - 1;
/** More than any message here has. */
const MOST_BYTES = 1 << 17;
/** How far from the number that is due a message that is not it is looked for. */
const REACH = 4096;

const pool = Buffer.alloc(POOL_BYTES + MOST_BYTES);
for (let at = 0, state = 0x2545f491; at < pool.length; at += 4) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  pool.writeInt32LE(state, at);
}

function mixed(number) {
  let hash = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One kind of message: `salt` tells it from the others, `largest` is the most bytes of one. */
export class Content {
  #salt;
  #largest;

  constructor(salt, largest) {
    this.#salt = salt * 0x1000193;
    this.#largest = Math.min(largest, MOST_BYTES);
  }

  // Mostly small, some of all sizes, and every now and then the largest there is.
  size(number) {
    const hash = mixed(number + this.#salt);
    const kind = hash & 1023;
    const random = hash >>> 10;
    const most = kind < 4 ? this.#largest : kind < 90 ? 4096 : 256;
    return kind === 0 ? this.#largest : Math.min(random % (most + 1), this.#largest);
  }

  // The factor is odd: among as many numbers as the pool has bytes, no two begin at one place.
  #start(number) {
    return (Math.imul(number, 40503) + this.#salt) & POOL_MASK;
  }

  message(number) {
    const start = this.#start(number);
    return pool.subarray(start, start + this.size(number));
  }

  is(number, payload) {
    const size = this.size(number);
    if (payload.length !== size) return false;
    const start = this.#start(number);
    return payload.compare(pool, start, start + size) === 0;
  }
}

/** The receiving side of a stream: what came is held against what was due. */
export class Received {
  count = 0;
  doubled = 0;
  outOfOrder = 0;
  changed = 0;
  #content;
  #due = 0;
  #missing = new Set();

  constructor(content) {
    this.#content = content;
  }

  take(payload) {
    this.count += 1;
    if (this.#content.is(this.#due, payload)) this.#due += 1;
    else this.#strange(payload);
  }

  /** The outcome, when so many were sent. */
  outcome(sent) {
    return {
      lost: Math.max(0, sent - this.#due) + this.#missing.size,
      doubled: this.doubled + Math.max(0, this.#due - sent),
      outOfOrder: this.outOfOrder,
      changed: this.changed,
    };
  }

  #strange(payload) {
    const number = this.#find(payload);
    if (number === undefined) {
      // It has lost its own number, so it stands for the one that was due.
      this.changed += 1;
      this.#due += 1;
    } else if (number < this.#due) {
      if (this.#missing.delete(number)) this.outOfOrder += 1;
      else this.doubled += 1;
    } else {
      for (let missing = this.#due; missing < number; missing++) this.#missing.add(missing);
      this.#due = number + 1;
    }
  }

  // The nearest number that it is, if there is one.
  #find(payload) {
    for (let far = 1; far <= REACH; far++) {
      if (this.#content.is(this.#due + far, payload)) return this.#due + far;
      if (far <= this.#due && this.#content.is(this.#due - far, payload)) return this.#due - far;
    }
    return undefined;
  }
}

export const NOTHING_WRONG = { lost: 0, doubled: 0, outOfOrder: 0, changed: 0 };

export function sum(outcomes) {
  const total = { ...NOTHING_WRONG };
  for (const outcome of outcomes)
    for (const name of Object.keys(total)) total[name] += outcome[name];
  return total;
}
