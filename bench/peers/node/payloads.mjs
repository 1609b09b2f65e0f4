// What is sent: bytes where a transport carries bytes, text where it carries text.
//
//   of(bytes)     so many of them
//   look(all)     looks at the first and the last: what every handler does
//   from(text)    text as what is sent, and `text(all)` the way back

const FILL = 7;

export const BYTES = {
  of: (bytes) => Buffer.alloc(bytes, FILL),
  look: (all) => all[0] + all[all.length - 1],
  from: (text) => Buffer.from(text),
  // What comes through a clone is a Uint8Array, whatever it was before.
  text: (all) => Buffer.from(all.buffer, all.byteOffset, all.byteLength).toString(),
};

export const TEXT = {
  of: (bytes) => 'x'.repeat(bytes),
  look: (all) => all.charCodeAt(0) + all.charCodeAt(all.length - 1),
  from: (text) => text,
  text: (all) => all,
};
