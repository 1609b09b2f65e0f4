// The wires that a test runs over, the library's own first, and what a client says to speak each.

import type { Wire } from '@coroipc/core';

/** What `IpcClient.connect` and `serviceConnect` take to speak a wire. */
export interface Speaks {
  readonly wire: Wire;
  readonly generation?: '1.2' | '1.4';
}

export type Over = 'native' | 'classic 1.2' | 'classic 1.4';

export const SPEAKS: Readonly<Record<Over, Speaks>> = {
  native: { wire: 'native' },
  'classic 1.2': { wire: 'classic', generation: '1.2' },
  'classic 1.4': { wire: 'classic', generation: '1.4' },
};

export const EVERY_WIRE: readonly Over[] = ['native', 'classic 1.2', 'classic 1.4'];

/** What a server takes that serves them all. */
export const WIRES: readonly Wire[] = ['native', 'classic'];
