// Counts what went wrong in a process, and keeps what was said about it: every fault counts, a
// message that comes again is kept once, and there is a bound on how many are kept.

const MESSAGES = 20;

export class Faults {
  count = 0;
  /** @type {Set<string>} */
  #messages = new Set();

  /** @param {unknown} error */
  add(error) {
    this.count += 1;
    const message = error instanceof Error ? error.message : String(error);
    if (this.#messages.size < MESSAGES) this.#messages.add(message);
  }

  /** @returns {{ errors: number, errorMessages: string[] }} */
  figures() {
    return { errors: this.count, errorMessages: [...this.#messages] };
  }
}
