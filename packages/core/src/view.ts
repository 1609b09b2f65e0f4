// Buffers over memory that is there already: what a message mostly costs.

import { Buffer } from 'node:buffer';

// A view costs least where the class that Buffer's own functions make theirs of can be had: it is what
// a Buffer names as its species. Elsewhere `Buffer.from` does the same.
const View = (() => {
  const species: unknown = Reflect.get(Buffer, Symbol.species);
  return typeof species === 'function' && species !== Buffer && Buffer.isBuffer(viewBy(species))
    ? (species as new (
        memory: ArrayBuffer,
        offset: number,
        bytes: number,
      ) => Buffer)
    : undefined;
})();

function viewBy(species: unknown): unknown {
  return Reflect.construct(species as new () => unknown, [new ArrayBuffer(8), 0, 8]);
}

/** `Buffer.from(of, offset, bytes)`, in less time. */
export function view(of: ArrayBuffer, offset: number, bytes: number): Buffer {
  return View === undefined ? Buffer.from(of, offset, bytes) : new View(of, offset, bytes);
}
