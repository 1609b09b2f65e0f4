// The two ways that messages travel, and how they are asked for.

import { describe } from './arguments.js';

/** A way that a connection's messages travel: the library's own, or corosync's. */
export type Wire = 'native' | 'classic';

const WIRES: readonly Wire[] = ['native', 'classic'];

/** Checks which wires a server takes. Default: the native one alone. */
export function checkWires(name: string, value: unknown): readonly Wire[] {
  if (value === undefined) return ['native'];
  if (!Array.isArray(value)) {
    throw new TypeError(
      `${name} must be an array of 'native' and 'classic', got ${describe(value)}`,
    );
  }
  if (value.length < 1 || value.length > WIRES.length) {
    throw new RangeError(`${name} must hold 1 or ${WIRES.length} wires, got ${value.length}`);
  }
  // Not `map`, which passes over holes.
  return Array.from(value, (wire: unknown, index) => checkWire(`${name}[${index}]`, wire));
}

/** Checks one wire. */
export function checkWire(name: string, value: unknown): Wire {
  const found = WIRES.find((wire) => wire === value);
  if (found !== undefined) return found;
  const message = `${name} must be 'native' or 'classic', got ${describe(value)}`;
  if (typeof value === 'string') throw new RangeError(message);
  throw new TypeError(message);
}
