const MIB = 1024 * 1024;

export const zcb = {
  name: 'zcb',
  about: 'a message through a zero-copy buffer against one of 64 bytes that is copied',
  placements: ['free', 'split'],
  variants: [
    { variant: '64 bytes, copied', payload: 64, bytes: 64, zeroCopy: false },
    { variant: '1 MiB, zero-copy', payload: MIB, bytes: MIB, zeroCopy: true },
  ],
  effort: { quick: { warmMs: 30, ms: 100 }, full: { warmMs: 200, ms: 1000 } },
};
