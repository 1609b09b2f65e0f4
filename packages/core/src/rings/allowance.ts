// Which connections of this thread are shown to JavaScript. V8 counts all of their memory as its own,
// some megabytes each, and collects garbage the more often, so there is a limit; the one that has been
// shown for longest makes way for another.

const MOST = 64;

/** Whoever is shown a connection's rings. */
export interface Viewer {
  /** Others need it more: looks at the rings no more. */
  makeWay(): void;
}

const viewers = new Set<Viewer>();

/** One is about to be shown. */
export function begins(viewer: Viewer): void {
  const [oldest] = viewers;
  if (viewers.size >= MOST && oldest !== undefined) {
    viewers.delete(oldest);
    oldest.makeWay();
  }
  viewers.add(viewer);
}

/** One is not any more. */
export function ends(viewer: Viewer): void {
  viewers.delete(viewer);
}

/** Messages after which a connection is worth the memory of a way past the core; 0: it never is. */
export const MESSAGES_BEFORE: number = (() => {
  // To look through Atomics at memory that is mapped for reading only ends a process of Bun's.
  if (process.versions['bun'] !== undefined) return 0;
  const said = process.env['COROIPC_DIRECT_AFTER'];
  return said !== undefined && /^\d+$/.test(said) ? Number(said) : 16;
})();

const MOST_BEFORE = 4096;

/** When a connection is to be shown: after some messages, and after the more the oftener it made way. */
export class Wait {
  #left = MESSAGES_BEFORE;
  #again = MESSAGES_BEFORE;

  /** Of one that never is to be shown. */
  static forEver(): Wait {
    const wait = new Wait();
    wait.#left = 0;
    return wait;
  }

  /** Counts a message; whether the time has come. */
  over(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return this.#left === 0;
  }

  /** Begins anew. */
  again(): void {
    this.#again = Math.min(this.#again * 2, MOST_BEFORE);
    this.#left = this.#again;
  }
}
