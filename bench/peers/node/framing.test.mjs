import { describe, expect, it } from 'vitest';
import { frameOf, Parser } from './framing.mjs';

const MESSAGES = ['a message', 'x', 'another one, which is longer'];
const stream = Buffer.concat(MESSAGES.map((text) => frameOf(Buffer.from(text))));

describe('Parser', () => {
  it('finds the messages of a stream, in pieces of any size', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const found = [];
      const parser = new Parser((message) => found.push(message.toString()));
      for (let at = 0; at < stream.length; at += size) parser.push(stream.subarray(at, at + size));
      expect(found).toEqual(MESSAGES);
    }
  });

  it('copies nothing of what came whole', () => {
    const found = [];
    new Parser((message) => found.push(message)).push(stream);
    expect(found.map(({ buffer }) => buffer)).toEqual(MESSAGES.map(() => stream.buffer));
    expect(found[0].byteOffset).toBe(stream.byteOffset + 4);
  });
});
