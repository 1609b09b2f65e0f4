// A ring of messages for one writer and one reader, each a thread that may block. Positions only
// grow, as far as 32 bits do; a message lies in one piece, with its length before it.

const HEADER = 8;
const WRAP = 0xffff_ffff;

export const RING_BYTES = 1024 * 1024;

const sizeOf = (length) => HEADER + ((length + 7) & ~7);

export class Ring {
  #head;
  #tail;
  #bytes;
  #position = 0;

  constructor(head, tail, bytes) {
    this.#head = head;
    this.#tail = tail;
    this.#bytes = bytes;
  }

  #at() {
    return this.#position & (RING_BYTES - 1);
  }

  /** Waits until `size` bytes are free. */
  #room(size) {
    for (;;) {
      const tail = this.#tail.value;
      if (RING_BYTES - ((this.#position - tail) | 0) >= size) return;
      this.#tail.waitWhile(tail);
    }
  }

  write(message) {
    const size = sizeOf(message.length);
    const left = RING_BYTES - this.#at();
    if (left < size) {
      this.#room(left);
      this.#bytes.writeUInt32LE(WRAP, this.#at());
      this.#position = (this.#position + left) | 0;
    }
    this.#room(size);
    this.#bytes.writeUInt32LE(message.length, this.#at());
    this.#bytes.set(message, this.#at() + HEADER);
    this.#position = (this.#position + size) | 0;
    this.#head.tell(this.#position, 0);
  }

  /** Waits for a message and hands it to `take`, where it lies. */
  read(take) {
    while (this.#head.value === this.#position) this.#head.waitWhile(this.#position);
    const at = this.#at();
    const length = this.#bytes.readUInt32LE(at);
    if (length === WRAP) {
      this.#free(RING_BYTES - at);
      this.read(take);
      return;
    }
    take(this.#bytes.subarray(at + HEADER, at + HEADER + length));
    this.#free(sizeOf(length));
  }

  #free(size) {
    this.#position = (this.#position + size) | 0;
    this.#tail.tell(this.#position, 0);
  }
}
