import { MESSAGES } from './payloads.mjs';

const variant = (form, { name, bytes }) => ({
  variant: `${name}, ${form}`,
  payload: bytes,
  form,
  ...(bytes > 64 ? { placements: ['split'] } : {}),
});

export const dispatch = {
  name: 'dispatch',
  about: 'messages from the server as fast as they go without loss, a handler called for each',
  placements: ['free', 'split'],
  variants: [
    ...MESSAGES.map((each) => variant('handler', each)),
    ...MESSAGES.map((each) => ({ ...variant('batch', each), oursAlone: true })),
    ...MESSAGES.map((each) => ({ ...variant('rxjs', each), oursAlone: true })),
  ],
  effort: { quick: { warmMs: 40, ms: 70 }, full: { warmMs: 40, ms: 250 } },
  quick: { variants: ['64 B, handler'], impls: ['native', 'libqbShm', 'zeromq'] },
};
