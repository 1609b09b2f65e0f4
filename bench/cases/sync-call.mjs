export const syncCall = {
  name: 'syncCall',
  about:
    '64 bytes there and back, one call after the other, both sides awake as far as they can be',
  placements: ['free', 'split', 'one'],
  variants: [{ payload: 64 }],
  effort: { quick: { warmMs: 30, ms: 100 }, full: { warmMs: 200, ms: 1000 } },
};
