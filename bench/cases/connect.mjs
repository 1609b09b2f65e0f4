export const connect = {
  name: 'connect',
  about: 'a connection is made and closed, one after the other',
  placements: ['split'],
  variants: [{ payload: null }],
  effort: { quick: { warmMs: 10, ms: 55 }, full: { warmMs: 50, ms: 250 } },
  quick: { impls: ['native'], rounds: 1 },
  peer: 'own',
};
