// Attacks on a server by a connected native peer: its indices, its records, its sequence numbers, its
// sleep word, its doorbells, its notes and its zero-copy buffers. One line an attack.

import { expect } from 'vitest';
import { type Attacker, SEALS } from './attacker.js';
import { attacks } from './attacks.js';
import {
  AT,
  DOORBELL,
  type Hello,
  MAX_U32,
  MAX_U64,
  memory,
  NativePeer,
  note,
  PAGE,
  place,
  type Record,
  record,
} from './native-wire.js';
import { COMMAND } from './victim.js';

type Raw = Attacker;
type Deed = (peer: NativePeer, raw: Raw) => Promise<void>;

const REQUEST = { log: /broke the protocol with a request/, counts: 'breaches' };
const RESPONSE = { log: /broke the protocol in the response ring/, counts: 'breaches' };
const DISPATCH = { log: /broke the protocol in the dispatch ring/, counts: 'breaches' };
const SOCKET = { log: /broke the protocol on its socket/, counts: 'breaches' };

/** Connects, does this, and is hung up on. */
const connected =
  (deed: Deed, fields: Hello = {}) =>
  async (raw: Raw, name: string): Promise<void> => {
    const peer = await NativePeer.connect(raw, name, fields);
    await deed(peer, raw);
    expect(await raw.over(peer.socket)).toBe(true);
  };

/** Connects and does what hurts only itself. */
const spared =
  (deed: Deed) =>
  async (raw: Raw, name: string): Promise<void> => {
    const peer = await NativePeer.connect(raw, name);
    await deed(peer, raw);
  };

/** Writes a word where the request ring begins, and rings. */
const first = (value: number) =>
  connected(async (peer, raw) => {
    await raw.poke(peer.word(AT.ring, 4), value);
    await peer.ring();
  });

/** Honest requests, whose answers make the server look at the head of their ring before long. */
async function asks(peer: NativePeer, raw: Raw): Promise<void> {
  let end = 0;
  for (let sequence = 1; sequence <= 8; sequence++) {
    const bytes = record({ sequence, id: COMMAND.ECHO, body: Buffer.alloc(1500) });
    await peer.publish(bytes, AT.ring, end);
    end += bytes.length;
    do {
      await peer.ring();
      if (await raw.over(peer.socket, 1)) return;
    } while ((await raw.peek({ map: peer.theirs, at: AT.requestHead, width: 8 })) < BigInt(end));
  }
}

const head = (value: number | bigint) =>
  connected(async (peer, raw) => {
    await raw.poke(peer.word(AT.responseHead), value);
    await asks(peer, raw);
  });

/** Makes the server send so many dispatch messages, and says of the head of their ring what is not so. */
const dispatchHead = (value: number | bigint) =>
  connected(async (peer, raw) => {
    await raw.poke(peer.word(AT.dispatchHead), value);
    await peer.put(record({ id: COMMAND.BURST, body: words(20, 1000) }));
  });

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

const one = (fields: Record) => connected((peer) => peer.put(record(fields)));

attacks(
  'a native request ring whose first word',
  {},
  {
    'is 1': [first(1), REQUEST],
    'is 15': [first(15), REQUEST],
    'is 16, and nothing behind it': [first(16), REQUEST],
    'is 4088, and nothing behind it': [first(PAGE - 8), REQUEST],
    'is 4089': [first(PAGE - 7), REQUEST],
    'is the size': [first(PAGE), REQUEST],
    'is just past the size': [first(PAGE + 8), REQUEST],
    'is 2^31': [first(2 ** 31), REQUEST],
    'is 2^32 - 8': [first(MAX_U32 - 7), REQUEST],
    'is 2^32 - 1': [first(MAX_U32), REQUEST],
    'is there before its record, whole': [connected(tooEarly), REQUEST],
    'comes and goes': [spared(comesAndGoes), {}],
    'flips between right and far beyond': [flipped(0, 36, 2 ** 30), REQUEST],
    'has something behind it that was not cleared': [connected(uncleared), REQUEST],
  },
);

attacks(
  'a native response ring whose head',
  {},
  {
    'is 1': [head(1), RESPONSE],
    'is 4': [head(4), RESPONSE],
    'is ahead of what was sent': [head(2n ** 20n), RESPONSE],
    'is 2^63': [head(2n ** 63n), RESPONSE],
    'is -8': [head(-8), RESPONSE],
    'is 2^64 - 1': [head(MAX_U64), RESPONSE],
  },
);

attacks(
  'a native dispatch ring whose head',
  {},
  {
    'is 1': [dispatchHead(1), DISPATCH],
    'is ahead of what was sent': [dispatchHead(2n ** 20n), DISPATCH],
    'is 2^63': [dispatchHead(2n ** 63n), DISPATCH],
    'is -8': [dispatchHead(-8), DISPATCH],
    'is 2^64 - 1': [dispatchHead(MAX_U64), DISPATCH],
    'flips between 0 and far beyond': [connected(flipDispatchHead), DISPATCH],
  },
);

attacks(
  'a native record',
  {},
  {
    'of 0 bytes': [spared((peer) => peer.put(record({ bytes: 0 }))), {}],
    'of 1 byte': [one({ bytes: 1 }), REQUEST],
    'of 15 bytes': [one({ bytes: 15 }), REQUEST],
    'of a header alone': [one({ bytes: 16 }), REQUEST],
    'of a byte less than two headers': [one({ bytes: 31 }), REQUEST],
    'of more bytes than a ring takes': [one({ bytes: PAGE - 7 }), REQUEST],
    'over its own message, and no other': [one({ bytes: 64, size: 49 }), REQUEST],
    'of 2^31 bytes': [one({ bytes: 2 ** 31 }), REQUEST],
    'of 2^32 - 1 bytes': [one({ bytes: MAX_U32 }), REQUEST],
    'of kind 2': [one({ kind: 2 }), REQUEST],
    'of kind 2^32 - 1': [one({ kind: MAX_U32 }), REQUEST],
    'of sequence 0': [one({ sequence: 0 }), REQUEST],
    'of sequence 2': [one({ sequence: 2 }), REQUEST],
    'of sequence 2^64 - 1': [one({ sequence: MAX_U64 }), REQUEST],
    'of a sequence that was': [connected((peer) => peer.put(record(), record())), REQUEST],
    'of a sequence that leaps': [
      connected((peer) => peer.put(record(), record({ sequence: 3 }))),
      REQUEST,
    ],
    'whose message is of 0 bytes': [one({ size: 0 }), REQUEST],
    'whose message is of 15 bytes': [one({ size: 15 }), REQUEST],
    'whose message is of -1 bytes': [one({ size: -1 }), REQUEST],
    'whose message is of -2^31 bytes': [one({ size: -(2 ** 31) }), REQUEST],
    'whose message is of 2^31 - 1 bytes': [one({ size: 2 ** 31 - 1 }), REQUEST],
    'whose message is a byte too long': [one({ size: 21 }), REQUEST],
  },
);

// coroipcs takes one at a time, and leaves the others where they are.
attacks(
  'a native client',
  {},
  {
    'with more requests in flight than agreed': [
      connected((peer) => peer.put(...unanswered(9))),
      REQUEST,
    ],
  },
  ['people'],
);

attacks(
  'a native request',
  {},
  {
    'of id -1': [spared((peer) => peer.put(record({ id: -1 }))), {}],
    'of id 65536': [spared((peer) => peer.put(record({ id: 65536 }))), {}],
    'of id -2^31': [spared((peer) => peer.put(record({ id: -(2 ** 31) }))), {}],
    'of an id that nobody serves': [spared((peer) => peer.put(record({ id: 77 }))), {}],
    'whose size flips between right and 2^31 - 1': [flipped(16, 20, 2 ** 31 - 1), REQUEST],
    'whose size flips between right and 0': [flipped(16, 20, 0), REQUEST],
    'whose bytes flip between right and 2^32 - 1': [flipped(0, 36, MAX_U32), REQUEST],
    'whose kind flips': [flipped(4, 0, 1), REQUEST],
    'whose id flips between right and 2^31 - 1': [
      spared(async (peer, raw) => {
        await flips(peer, raw, 24, 2, 2 ** 31 - 1);
      }),
      {},
    ],
  },
);

attacks(
  'a native sleep word',
  {},
  {
    'that wants everything': [spared((peer, raw) => sleeps(peer, raw, MAX_U32)), {}],
    'that flips all the time': [spared(flipSleep), {}],
  },
);

attacks(
  'a native socket',
  {},
  {
    'with a byte 0': [says(Buffer.from([0])), SOCKET],
    'with a byte 5': [says(Buffer.from([5])), SOCKET],
    'with a byte 255': [says(Buffer.from([255])), SOCKET],
    'with a doorbell too many': [says(Buffer.alloc(200, 1)), SOCKET],
    'flooded with doorbells': [floods(DOORBELL), SOCKET],
    'flooded with answers': [floods(note('answer', 0, 1)), SOCKET],
    'with a descriptor': [says(DOORBELL, 1), SOCKET],
    'with 253 descriptors': [says(DOORBELL, 253), { log: /ends: / }],
    'that is half closed': [
      connected((peer, raw) => raw.shut(peer.socket).then(() => {})),
      { log: /hung up/ },
    ],
    'that is half closed in a note': [connected(halfNote), { log: /hung up/ }],
    'whose answers nobody takes, while it asks on': [spared(greedy), {}],
  },
);

attacks(
  'a native zero-copy buffer',
  { limits: { maxZeroCopyBuffers: 4, maxBufferBytes: 2 ** 20 } },
  {
    'of number 64': [offers(64, PAGE), SOCKET],
    'of number 2^32 - 1': [offers(MAX_U32, PAGE), SOCKET],
    'of no bytes': [offers(0, 0), SOCKET],
    'of part of a page': [offers(0, 100), SOCKET],
    'of 2^30 + 4096 bytes': [offers(0, 2 ** 30 + PAGE), SOCKET],
    'of 2^64 - 4096 bytes': [offers(0, MAX_U64 - 4095n), SOCKET],
    'of fewer bytes than it has': [offers(0, PAGE, 2 * PAGE), SOCKET],
    'of more bytes than it has': [offers(0, 2 * PAGE, PAGE), SOCKET],
    'without a descriptor': [says(note('offer', 0, PAGE)), SOCKET],
    'of unsealed memory': [connected((peer, raw) => offer(peer, raw, raw.memfd(PAGE, 0))), SOCKET],
    'of memory without pages': [
      connected((peer, raw) => offer(peer, raw, raw.hole(PAGE, SEALS.ALL))),
      SOCKET,
    ],
    'that is a pipe': [connected((peer, raw) => offer(peer, raw, raw.special('pipe'))), SOCKET],
    'that is a device': [connected((peer, raw) => offer(peer, raw, raw.special('device'))), SOCKET],
    'that is a directory': [
      connected((peer, raw) => offer(peer, raw, raw.special('directory'))),
      SOCKET,
    ],
    'that is a file on a disk': [
      connected((peer, raw) => offer(peer, raw, raw.special('file'))),
      SOCKET,
    ],
    'that is a TCP socket whose close waits': [
      connected((peer, raw) => offer(peer, raw, raw.special('lingering'))),
      SOCKET,
    ],
    'with bytes that are not zero': [
      connected((peer, raw) => offer(peer, raw, raw.memfd(PAGE, SEALS.ALL), 1)),
      SOCKET,
    ],
    'of a number in use': [connected(twice), SOCKET],
    'beyond the limit of bytes': [spared(refused(2 ** 21)), {}],
    'beyond the limit of their number': [spared(fifth), {}],
    'that is withdrawn before it was offered': [says(note('withdraw', 0)), SOCKET],
    'that is withdrawn with a value': [connected(withdrawn(1)), SOCKET],
    'that is withdrawn twice': [connected(withdrawnTwice), SOCKET],
    'that is withdrawn under a request': [connected(withdrawnUnderRequest), SOCKET],
    'that was not asked for and is answered': [says(note('answer', 0, 1)), SOCKET],
    'whose message is in one that is unknown': [
      one({ kind: 1, size: 100, body: place(0, 0) }),
      REQUEST,
    ],
    'whose message is in number 2^32 - 1': [
      one({ kind: 1, size: 100, body: place(MAX_U32, 0) }),
      REQUEST,
    ],
    'whose message begins at 1': [inBuffer(place(0, 1)), REQUEST],
    'whose message begins at its end': [inBuffer(place(0, PAGE)), REQUEST],
    'whose message reaches beyond its end': [inBuffer(place(0, PAGE - 64)), REQUEST],
    'whose message begins at 2^64 - 8': [inBuffer(place(0, MAX_U64 - 7n)), REQUEST],
    'whose message is larger than it': [inBuffer(place(0, 0), PAGE + 1), REQUEST],
    'whose message is of 2^31 - 1 bytes': [inBuffer(place(0, 0), 2 ** 31 - 1), REQUEST],
    'whose message is of -1 bytes': [inBuffer(place(0, 0), -1), REQUEST],
    'whose place has a word that is not zero': [inBuffer(place(0, 0, 1)), REQUEST],
    'whose place is cut off': [inBuffer(place(0, 0).subarray(0, 12)), REQUEST],
    'whose place has more behind it': [
      inBuffer(Buffer.concat([place(0, 0), Buffer.alloc(8)])),
      REQUEST,
    ],
    'that was withdrawn and is used': [connected(usedAfterWithdraw), REQUEST],
    "of another connection's": [anothers, REQUEST],
  },
);

attacks(
  "a server's native zero-copy buffer",
  {},
  {
    'that was given back before it was used': [
      givesBack(1),
      { log: /broke the protocol/, counts: 'breaches' },
    ],
    'that was given back 2^64 - 1 times': [
      givesBack(MAX_U64),
      { log: /broke the protocol/, counts: 'breaches' },
    ],
    'that is answered twice': [answersTwice, SOCKET],
  },
  ['people'],
);

/** One that is published with nothing but its first word: the rest comes when it was read. */
async function tooEarly(peer: NativePeer, raw: Raw): Promise<void> {
  const bytes = record();
  await raw.poke(peer.word(AT.ring, 4), bytes.readUInt32LE());
  await untilOver(peer, raw);
}

/** A record that is there and is not, in turn: it is served, or never was. */
async function comesAndGoes(peer: NativePeer, raw: Raw): Promise<void> {
  await raw.fill(peer.mine, AT.ring + 4, record().subarray(4));
  await raw.flip(peer.word(AT.ring, 4), 36, 0);
  for (let turn = 0; turn < 50; turn++) {
    await peer.ring();
    if (await raw.over(peer.socket, 1)) break;
  }
  await raw.still();
}

/** A record, and behind it what an earlier lap would have left there. */
async function uncleared(peer: NativePeer, raw: Raw): Promise<void> {
  await raw.fill(peer.mine, AT.ring + 40, Buffer.from('what somebody sent before'));
  const bytes = record();
  await raw.fill(peer.mine, AT.ring + 4, bytes.subarray(4));
  await raw.poke(peer.word(AT.ring, 4), bytes.readUInt32LE());
  await untilOver(peer, raw);
}

/** Waits until the server has taken a request. */
async function served(peer: NativePeer, raw: Raw): Promise<void> {
  while ((await raw.peek({ map: peer.theirs, at: AT.requestHead, width: 8 })) === 0n)
    await raw.over(peer.socket, 1);
}

/** Wakes the server again and again, so that it looks. */
async function untilOver(peer: NativePeer, raw: Raw): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    await peer.ring();
    if (await raw.over(peer.socket, 1)) return;
  }
}

async function flipDispatchHead(peer: NativePeer, raw: Raw): Promise<void> {
  await raw.flip(peer.word(AT.dispatchHead), 0, 2n ** 40n);
  await peer.put(record({ id: COMMAND.BURST, body: words(2000, 1000) }));
}

const unanswered = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => record({ sequence: index + 1, id: COMMAND.HOLD }));

/** Requests whose header has a word that flips under the server's eyes. */
async function flips(
  peer: NativePeer,
  raw: Raw,
  at: number,
  right: number,
  wrong: number,
): Promise<boolean> {
  const requests = [1, 2, 3, 4].map((sequence) => record({ sequence }));
  const all = Buffer.concat(requests);
  await raw.fill(peer.mine, AT.ring + 4, all.subarray(4));
  for (const index of [0, 1]) await raw.flip(peer.word(AT.ring + 40 * index + at, 4), right, wrong);
  if (at > 0) await raw.poke(peer.word(AT.ring, 4), all.readUInt32LE());
  await peer.ring();
  const over = await raw.over(peer.socket, 10);
  await raw.still();
  return over;
}

/** Whether the server sees the wrong value is up to chance, so it is tried until it does. */
function flipped(at: number, right: number, wrong: number) {
  return async (raw: Raw, name: string): Promise<void> => {
    for (let attempt = 0; attempt < 300; attempt++) {
      const peer = await NativePeer.connect(raw, name);
      if (await flips(peer, raw, at, right, wrong)) return;
      await raw.close(peer.socket);
    }
    throw new Error('the server never saw it');
  };
}

async function sleeps(peer: NativePeer, raw: Raw, word: number): Promise<void> {
  await raw.poke(peer.word(AT.clientSleep, 4), word);
  await peer.put(record());
  expect((await raw.recv(peer.socket, 1)).bytes).toEqual(DOORBELL);
}

async function flipSleep(peer: NativePeer, raw: Raw): Promise<void> {
  await raw.flip(peer.word(AT.clientSleep, 4), 7, 15);
  await peer.put(record({ id: COMMAND.BURST, body: words(5000, 0) }));
  await raw.recv(peer.socket, 50, 300);
}

function says(bytes: Uint8Array, files = 0) {
  return connected(async (peer, raw) => {
    const sent: number[] = [];
    for (let i = 0; i < files; i++) sent.push(await raw.special('eventfd'));
    await raw.send(peer.socket, bytes, ...sent);
  });
}

function floods(bytes: Uint8Array) {
  return connected(async (peer, raw) => {
    expect(await raw.flood(peer.socket, bytes, 10_000)).toBeGreaterThanOrEqual(0);
  });
}

async function halfNote(peer: NativePeer, raw: Raw): Promise<void> {
  await raw.send(
    peer.socket,
    note('offer', 0, PAGE).subarray(0, 9),
    (await memory(raw, PAGE)).file,
  );
  await raw.shut(peer.socket);
}

/** As many as may be in flight, whose answers stay in the ring and behind it. */
async function greedy(peer: NativePeer, raw: Raw): Promise<void> {
  const requests = [1, 2, 3, 4, 5, 6, 7, 8].map((sequence) =>
    record({ sequence, id: COMMAND.ECHO, body: Buffer.alloc(400) }),
  );
  await peer.put(...requests);
  await raw.over(peer.socket, 100);
}

async function offer(
  peer: NativePeer,
  raw: Raw,
  making: Promise<number>,
  dirt = 0,
  number = 0,
  bytes: number | bigint = PAGE,
): Promise<void> {
  const file = await making;
  await raw.send(peer.socket, note('offer', number, bytes, dirt), file);
  await raw.close(file);
}

function offers(number: number, bytes: number | bigint, has: number = PAGE) {
  return connected((peer, raw) => offer(peer, raw, raw.memfd(has, SEALS.ALL), 0, number, bytes));
}

async function twice(peer: NativePeer, raw: Raw): Promise<void> {
  await peer.offer(3);
  await offer(peer, raw, raw.memfd(PAGE, SEALS.ALL), 0, 3);
}

function refused(bytes: number): Deed {
  return async (peer, raw) => {
    await offer(peer, raw, raw.memfd(bytes, SEALS.ALL), 0, 0, bytes);
    expect((await raw.recv(peer.socket, 16)).bytes.readUInt32LE(8)).not.toBe(1);
  };
}

async function fifth(peer: NativePeer, raw: Raw): Promise<void> {
  for (const number of [0, 1, 2, 3]) await peer.offer(number);
  await offer(peer, raw, raw.memfd(PAGE, SEALS.ALL), 0, 4);
  expect((await raw.recv(peer.socket, 16)).bytes.readUInt32LE(8)).not.toBe(1);
}

function withdrawn(value: number): Deed {
  return async (peer, raw) => {
    await peer.offer(0);
    await raw.send(peer.socket, note('withdraw', 0, value));
  };
}

async function withdrawnTwice(peer: NativePeer, raw: Raw): Promise<void> {
  await withdrawn(0)(peer, raw);
  await raw.send(peer.socket, note('withdraw', 0));
}

async function withdrawnUnderRequest(peer: NativePeer, raw: Raw): Promise<void> {
  const map = await peer.offer(0);
  await raw.fill(map, 0, Buffer.alloc(32, 7));
  await peer.put(record({ kind: 1, id: COMMAND.HOLD, size: 32, body: place(0, 0) }));
  await served(peer, raw);
  await raw.send(peer.socket, note('withdraw', 0));
}

function inBuffer(body: Uint8Array, size = 100) {
  return connected(async (peer) => {
    await peer.offer(0);
    await peer.put(record({ kind: 1, size, body }));
  });
}

async function usedAfterWithdraw(peer: NativePeer, raw: Raw): Promise<void> {
  await withdrawn(0)(peer, raw);
  // The ring and the socket keep no order. Notes keep theirs: an answer to this one says that the
  // withdrawal was read, too.
  await peer.offer(1);
  await peer.put(record({ kind: 1, size: 32, body: place(0, 0) }));
}

async function anothers(raw: Raw, name: string): Promise<void> {
  const owner = await NativePeer.connect(raw, name);
  await owner.offer(5);
  await one({ kind: 1, size: 100, body: place(5, 0) })(raw, name);
}

function givesBack(count: number | bigint) {
  return connected(async (peer, raw) => {
    await takesBuffer(peer, raw);
    await raw.poke(peer.word(AT.released), count);
    await raw.poke(peer.word(AT.released + 8), count);
    await raw.trySend(peer.socket, note('answer', 0, 1));
  });
}

/** Asks for a buffer of the server's, and takes it. */
async function takesBuffer(peer: NativePeer, raw: Raw): Promise<void> {
  await peer.put(record({ id: COMMAND.BUFFER, body: Buffer.alloc(0) }));
  const offered = await raw.recv(peer.socket, 16);
  expect(offered.bytes[0]).toBe(2);
  expect(offered.files).toHaveLength(1);
  await raw.send(peer.socket, note('answer', offered.bytes.readUInt32LE(4), 1));
}

async function answersTwice(raw: Raw, name: string): Promise<void> {
  const peer = await NativePeer.connect(raw, name);
  await takesBuffer(peer, raw);
  await raw.send(peer.socket, note('answer', 0, 1));
  expect(await raw.over(peer.socket)).toBe(true);
}
