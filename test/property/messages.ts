// Messages that can be told from any other, of sizes that try a ring's seams.

import fc from 'fast-check';
import type { Shown } from './ends.js';
import type { Queue } from './model.js';

/** How large a message is: so many bytes, such a part of the largest, or what is free and a bit. */
export type Size =
  | { readonly bytes: number }
  | { readonly part: number }
  | { readonly beyondRoom: number };

export const sizes: fc.Arbitrary<Size> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ bytes: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ part: fc.integer({ min: 0, max: 101 }) }) },
  { weight: 3, arbitrary: fc.record({ beyondRoom: fc.integer({ min: -17, max: 17 }) }) },
);

function bytesOf(size: Size, queue: Queue, header: number): number {
  const wanted =
    'bytes' in size
      ? header + size.bytes
      : 'part' in size
        ? Math.floor((queue.largest * size.part) / 100)
        : queue.room + size.beyondRoom;
  return Math.max(header, wanted);
}

export interface Made {
  readonly message: Buffer;
  /** What of it the other side is to see. */
  readonly shown: Shown;
}

/** A message for that queue. Its record is longer by `slack` than its own header says. */
export function messageFor(
  queue: Queue,
  header: number,
  sequence: number,
  size: Size,
  slack: number,
): Made {
  const total = bytesOf(size, queue, header);
  const own = Math.max(header, total - slack);
  const message = Buffer.alloc(total);
  const id = (sequence * 7919) % 65536;
  for (let at = header; at < total; at++) message[at] = (sequence * 131 + at * 7) & 0xff;
  message.writeInt32LE(own, 0);
  message.writeInt32LE(id, 8);
  return { message, shown: { sequence, id, bytes: message.subarray(0, own) } };
}
