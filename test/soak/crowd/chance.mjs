// Chance that can be repeated: a generator from a seed, which is printed at the beginning of a run.
// What the machine does in between cannot be repeated.

/** Whole numbers from 0 to below a limit, by a 32-bit generator. */
export function chance(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
