// What runs between two call-backs of Node's loop: the call-backs of `process.nextTick`, and
// promises. Several messages are served in one turn, and their handlers are to see no difference.

/**
 * Runs them. Undefined where the runtime has no way to: a turn then ends with a handler that left
 * something to do.
 *
 * Node keeps the function for who emulates a turn of its loop; Bun has the name alone, Deno has not.
 * Where promises run already, further up on the stack, it does nothing, and they run later.
 */
export const runTicks: (() => void) | undefined = (() => {
  const { _tickCallback } = process as { _tickCallback?: unknown };
  if (process.versions['bun'] !== undefined || typeof _tickCallback !== 'function')
    return undefined;
  return _tickCallback as () => void;
})();
