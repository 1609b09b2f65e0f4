import type { PollAdapter } from '@coroipc/core';
import type { PollDescriptors } from '@coroipc/core/testing';

export const adapters: Readonly<Record<string, () => PollAdapter>>;

/** Makes the adapter of that name. */
export function adapterOf(name: string): PollAdapter;
export const descriptors: PollDescriptors;
