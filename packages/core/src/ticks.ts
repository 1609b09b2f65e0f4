// What runs between two call-backs of Node's loop: the call-backs of `process.nextTick`, and
// promises. Several messages are served in one turn, and their handlers are to see no difference.

import { native } from './native.js';

/**
 * Runs them. Undefined where the runtime has no way to: a turn then ends with a handler that left
 * something to do. What one of them throws is an uncaught exception at once, as it is where Node runs
 * them itself; the others still run.
 *
 * Node keeps the function for who emulates a turn of its loop; Bun has the name alone, Deno has not.
 * Where promises run already, further up on the stack, it does nothing, and they run later.
 */
export const runTicks: (() => void) | undefined = (() => {
  const { _tickCallback } = process as { _tickCallback?: unknown };
  if (process.versions['bun'] !== undefined || typeof _tickCallback !== 'function')
    return undefined;
  return () => runAll(_tickCallback as () => void);
})();

// Node has entered the context of the tick that throws, and leaves it only where the exception is told
// as one that nobody caught; an exception that was caught here, or went further up, would end the process.
function runAll(ticks: () => void): void {
  for (;;) {
    try {
      ticks();
      return;
    } catch (error) {
      native.uncaught(error);
    }
  }
}
