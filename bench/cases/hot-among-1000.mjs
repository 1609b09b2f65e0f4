export const hotAmong1000 = {
  name: 'hotAmong1000',
  about: 'syncCall on one connection; the others of the same server and client do nothing',
  placements: ['split'],
  variants: [1, 10, 100, 1000].map((connections) => ({
    variant: `among ${connections}`,
    payload: 64,
    connections,
  })),
  effort: { quick: { warmMs: 10, ms: 55 }, full: { warmMs: 50, ms: 250 } },
  quick: { variants: ['among 1', 'among 1000'], impls: ['native'] },
  peer: 'own',
};
