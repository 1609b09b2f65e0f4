import { PAYLOADS } from './payloads.mjs';

const variant = ({ name, bytes }) => ({
  variant: name,
  payload: bytes,
  payloadName: name,
  // Where what is copied takes most of the time, the placement matters little.
  ...(bytes > 64 ? { placements: ['split'] } : {}),
});

export const syncCall = {
  name: 'syncCall',
  about:
    'a payload there and back, one call after the other, both sides awake as far as they can be',
  placements: ['free', 'split', 'one'],
  variants: [
    ...PAYLOADS.map(variant),
    // What we advise for large ones; nobody else knows such buffers for answers, too.
    ...PAYLOADS.filter(({ bytes }) => bytes >= 65_536).map((each) => ({
      ...variant(each),
      variant: `${each.name}, zero-copy`,
      zeroCopy: true,
      oursAlone: true,
    })),
  ],
  effort: { quick: { warmMs: 10, ms: 40 }, full: { warmMs: 40, ms: 200 } },
  quick: { variants: ['64 B'] },
};
