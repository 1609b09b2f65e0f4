export const pipelined = {
  name: 'pipelined',
  about: 'asynchronous calls, so many in flight at a time; each is answered with its 64 bytes',
  placements: ['free', 'split'],
  variants: [1, 16, 64, 256].map((inFlight) => ({
    variant: `${inFlight} in flight`,
    payload: 64,
    inFlight,
  })),
  effort: { quick: { warmMs: 20, ms: 100 }, full: { warmMs: 200, ms: 1000 } },
};
