// How a word is published: whoever reads it sees all that was written before, and who writes it has
// read all that it read before.

/**
 * x64 keeps stores in their order, and a store behind the loads before it, so a plain one will do; it does
 * not wait until the peer's CPU has let go of what was written, which one of Atomics does. Nor may the
 * compiler reorder any: who has written to the same memory has a call of a built-in function, which is
 * opaque to it, in between; who has read was reading another memory, which for all that the compiler can
 * know is the same one. Elsewhere it is a store of Atomics.
 */
export const publish: (words: Int32Array, at: number, value: number) => void =
  process.arch === 'x64'
    ? (words, at, value) => {
        words[at] = value;
      }
    : (words, at, value) => {
        Atomics.store(words, at, value);
      };
