export const hotAmong1000 = {
  name: 'hotAmong1000',
  about: 'syncCall on one connection, alone and among 999 idle ones of the same server and client',
  placements: ['split'],
  variants: [{ payload: 64 }],
  effort: { quick: { warmMs: 30, ms: 100 }, full: { warmMs: 200, ms: 1000 } },
  peer: 'own',
};
