import { ADAPTER_NAMES } from '../impls/coroipc/adapters.mjs';

export const adapters = {
  name: 'adapters',
  about: 'both sides on each poll adapter: calls one after the other, and dispatch messages',
  placements: ['split'],
  variants: ADAPTER_NAMES.map((adapter) => ({
    variant: adapter,
    payload: 64,
    open: { adapter },
  })),
  effort: { quick: { warmMs: 10, ms: 40 }, full: { warmMs: 50, ms: 250 } },
  quick: { impls: ['native'], rounds: 1 },
  // A loop that is stepped would step beside the measurements that follow.
  peer: 'fresh',
};
