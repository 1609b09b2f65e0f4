export const dispatch = {
  name: 'dispatch',
  about: 'messages from the server as fast as the ring takes them, a handler called for each',
  placements: ['free', 'split'],
  variants: [{ payload: 64 }],
  effort: { quick: { warmMs: 0, ms: 120 }, full: { warmMs: 0, ms: 1000 } },
};
