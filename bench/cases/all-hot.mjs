export const allHot = {
  name: 'allHot',
  about: 'a call in flight on each of so many connections of one client; calls a second in all',
  placements: ['split'],
  variants: [1, 10, 100, 1000].map((connections) => ({
    variant: `${connections} connection${connections === 1 ? '' : 's'}`,
    payload: 64,
    connections,
  })),
  effort: { quick: { warmMs: 10, ms: 55 }, full: { warmMs: 50, ms: 250 } },
  quick: { variants: ['100 connections'], impls: ['native'], rounds: 1 },
  peer: 'own',
};
