// A word in shared memory that one thread sets and another waits for, with a second one beside it
// that tells something, and a third for whether the other sleeps.

const VALUE = 0;
const TOLD = 1;
const ASLEEP = 2;
const WORDS = 3;

export class Word {
  #words;
  #spins;

  constructor(memory, offset, spins) {
    this.#words = new Int32Array(memory, offset, WORDS);
    this.#spins = spins;
  }

  get value() {
    return Atomics.load(this.#words, VALUE);
  }

  /** Sets the word, after what it tells; wakes who sleeps for it. */
  tell(value, told) {
    this.#words[TOLD] = told;
    Atomics.store(this.#words, VALUE, value | 0);
    if (Atomics.load(this.#words, ASLEEP) !== 0) Atomics.notify(this.#words, VALUE);
  }

  /** Waits until the word is `value`: what it tells. */
  await(value) {
    for (;;) {
      const now = this.value;
      if (now === (value | 0)) return this.#words[TOLD];
      this.waitWhile(now);
    }
  }

  /** Looks for a while, then sleeps, until the word is no longer `old`. */
  waitWhile(old) {
    for (let spin = 0; spin < this.#spins; spin += 1) {
      if (this.value !== old) return;
    }
    Atomics.store(this.#words, ASLEEP, 1);
    // Sleeps only if it is still the same now that the other can see that somebody sleeps.
    Atomics.wait(this.#words, VALUE, old);
    Atomics.store(this.#words, ASLEEP, 0);
  }
}
