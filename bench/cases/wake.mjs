export const wake = {
  name: 'wake',
  about: 'the same, but the caller sleeps 500 us before each call, so that the server sleeps too',
  placements: ['free', 'split', 'one'],
  variants: [{ payload: 64, pauseUs: 500 }],
  // The pace is ours, so a rate would say nothing.
  senseless: ['perSecond'],
  effort: { quick: { warmMs: 10, ms: 70 }, full: { warmMs: 30, ms: 220 } },
  quick: { impls: ['native', 'eventfd'] },
};
