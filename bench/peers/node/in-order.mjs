// Answers that come in the order of their requests: who waits for which.

export class InOrder {
  #waiting = [];
  #first = 0;

  /** Promises the answer to the request that is sent now. */
  next() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Whether nobody waits. */
  get none() {
    return this.#waiting.length === 0;
  }

  /** The oldest request's answer is here. */
  answer(message) {
    const resolve = this.#waiting[this.#first];
    if (resolve === undefined) throw new Error('an answer came that nobody waits for');
    this.#waiting[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#first = 0;
    }
    resolve(message);
  }
}
