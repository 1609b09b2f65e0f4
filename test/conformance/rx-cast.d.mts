import type { PollAdapter } from '@coroipc/core';

export const adapters: Readonly<Record<string, () => PollAdapter>>;

/** Makes the adapter of that name. */
export function adapterOf(name: string): PollAdapter;
