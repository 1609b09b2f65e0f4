// How a loop owns a thread of a JavaScript runtime. The thread blocks in the loop's own wait, and
// every call-back runs as a setImmediate of its own: after each the runtime drains next ticks and
// promises, as it does for its own call-backs, and an exception is an uncaught exception.
//
// A wait inside a plain function could not do that: whoever calls `run` may be a promise's
// reaction (the top level of a module is), and promises do not run inside promises.

/** Options of {@link EpollLoop.run}. */
export interface RunOptions {
  /**
   * The longest that the host's own timers and sockets wait for a turn while nothing happens in the
   * loop, in milliseconds; 0 never blocks. Default 50.
   */
  readonly hostEveryMs?: number | undefined;
}

/** The loop, as seen from here. */
export interface Runnable {
  over(): boolean;
  /** Waits, and tells how many call-backs are to be made. */
  fetch(timeoutMs: number): number;
  /** Makes one; whether it threw, which is an uncaught exception by now or soon. */
  callNext(): boolean;
}

/** Runs until it is over; rejects with what `fetch` throws. */
export function runOnHost(loop: Runnable, hostEveryMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // The host may be at work for a call-back that ran just before, and is looked after often at
    // first. What takes it t milliseconds is seen before 2t + 1.
    let patienceMs = 1;
    let thrown = false;
    const next = (): void => {
      if (!loop.over() && loop.callNext()) thrown = true;
    };
    const turn = (): void => {
      if (thrown) {
        // Bun ends over an exception that nobody handles only when a turn of its own begins without
        // an immediate to run. A first timer may come in the very turn of the exception.
        thrown = false;
        setTimeout(() => setTimeout(turn));
        return;
      }
      if (loop.over()) {
        resolve();
        return;
      }
      let calls: number;
      try {
        calls = loop.fetch(Math.min(patienceMs, hostEveryMs));
      } catch (error) {
        reject(error);
        return;
      }
      patienceMs = calls > 0 ? 1 : Math.min(2 * patienceMs, hostEveryMs);
      for (let left = calls; left > 1; left -= 1) setImmediate(next);
      setImmediate(turn);
      if (calls > 0) next();
    };
    setImmediate(turn);
  });
}
