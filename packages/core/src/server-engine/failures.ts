// Exceptions of users' functions on their way around the core, which lets none through: they are
// collected while the core is entered, and thrown where it was entered once it has done its work.

export class Failures {
  readonly #name: string;
  #depth = 0;
  #collected: unknown[] | undefined;

  /** `name` is the server's, for the message of an AggregateError. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Whether something was collected since the innermost `enter`. */
  get any(): boolean {
    return this.#collected !== undefined;
  }

  /** Whether the core is entered once at most: no function further out is in the midst of it. */
  get outermost(): boolean {
    return this.#depth <= 1;
  }

  /** Goes before a call of the core; what it returns goes to `leave`. */
  enter(): unknown[] | undefined {
    // What an entry collects is its own: a user's function may enter the core again.
    const outer = this.#collected;
    this.#collected = undefined;
    this.#depth += 1;
    return outer;
  }

  /** Goes after the call, in a `finally`: throws what was collected. */
  leave(outer: unknown[] | undefined): void {
    const failures = this.#collected;
    this.#collected = outer;
    this.#depth -= 1;
    if (failures === undefined) return;
    if (failures.length === 1) throw failures[0];
    throw new AggregateError(
      failures,
      `${failures.length} functions of the server "${this.#name}" threw`,
    );
  }

  /** Takes an exception; where the core was not entered, it becomes an uncaught one. */
  raise(error: unknown): void {
    if (this.#depth > 0) {
      this.#collected ??= [];
      this.#collected.push(error);
    } else {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
