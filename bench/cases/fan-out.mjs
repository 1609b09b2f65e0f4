export const fanOut = {
  name: 'fanOut',
  about: 'each message of the server to so many connections of one client; deliveries a second',
  placements: ['split'],
  variants: [1, 10, 100].map((subscribers) => ({
    variant: `${subscribers} subscriber${subscribers === 1 ? '' : 's'}`,
    payload: 64,
    subscribers,
  })),
  effort: { quick: { warmMs: 0, ms: 70 }, full: { warmMs: 0, ms: 250 } },
  quick: { variants: ['10 subscribers'], rounds: 1 },
};
