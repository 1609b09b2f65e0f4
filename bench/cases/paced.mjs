export const paced = {
  name: 'paced',
  about: 'calls that are due at moments set before; a time runs from that moment to the answer',
  placements: ['split'],
  variants: [1000, 10_000, 100_000].map((rate) => ({
    variant: `${rate} a second`,
    payload: 64,
    rate,
  })),
  effort: { quick: { warmMs: 10, ms: 70 }, full: { warmMs: 30, ms: 250 } },
  quick: { variants: ['10000 a second'], rounds: 1 },
};
