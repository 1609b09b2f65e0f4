import { MIB } from './payloads.mjs';

export const zcb = {
  name: 'zcb',
  about: 'a message through a zero-copy buffer against one of 64 bytes that is copied',
  placements: ['free', 'split'],
  variants: [
    { variant: '64 bytes, copied', payload: 64, bytes: 64, zeroCopy: false },
    { variant: '1 MiB, zero-copy', payload: MIB, bytes: MIB, zeroCopy: true },
  ],
  effort: { quick: { warmMs: 10, ms: 40 }, full: { warmMs: 50, ms: 250 } },
};
