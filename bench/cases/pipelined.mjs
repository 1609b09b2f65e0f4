export const pipelined = {
  name: 'pipelined',
  about: 'asynchronous calls, so many in flight at a time; each is answered with its 64 bytes',
  placements: ['free', 'split'],
  variants: [1, 4, 16, 64, 256].map((inFlight) => ({
    variant: `${inFlight} in flight`,
    payload: 64,
    inFlight,
    ...(inFlight === 64 ? {} : { placements: ['split'] }),
  })),
  effort: { quick: { warmMs: 60, ms: 55 }, full: { warmMs: 40, ms: 200 } },
  quick: { variants: ['64 in flight'], impls: ['native'] },
};
