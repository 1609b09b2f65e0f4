export const idle1000 = {
  name: 'idle1000',
  about: '1000 connections on which nothing happens: CPU and threads of both sides, and memory',
  placements: ['free'],
  variants: [{ payload: null }],
  // Twice: without the connections and with them.
  effort: { quick: { warmMs: 0, ms: 350 }, full: { warmMs: 0, ms: 1500 } },
  quick: { impls: ['native'] },
  // Memory grows by what is new: who has had a thousand connections before has room for them.
  peer: 'fresh',
};
