// Attacks on a server's native handshake: every field wrong, cut off, slow, doubled; every kind of
// descriptor in the place of memory. One line an attack.

import { CS } from '@coroipc/core';
import { expect } from 'vitest';
import { type Attacker, GENEROUS_MS, SEALS } from './attacker.js';
import { attacks } from './attacks.js';
import {
  attach,
  DOORBELL,
  type Hello,
  hello,
  MAX_U32,
  MAX_U64,
  memory,
  PAGE,
} from './native-wire.js';
import { SERVICE } from './victim.js';

const FAILED = { counts: 'failedHandshakes' };
const HUNG_UP = { ...FAILED, log: /failed: hung up before/ };
const MALFORMED = { ...FAILED, log: /failed: malformed hello/ };
const MALFORMED_ATTACH = { ...FAILED, log: /failed: malformed attach/ };
const STRAY = { ...FAILED, log: /failed: a descriptor where none belongs/ };
const VERSIONS = { ...FAILED, log: /failed: it speaks other versions/ };
const NOT_ACCEPTED = { ...FAILED, log: /failed: its memory was not accepted/ };
const TOO_LATE = { ...FAILED, log: /failed: not finished in time/ };
const DENIED = { log: /refused: not admitted/ };
const BREACH = { log: /broke the protocol/, counts: 'breaches' };
type Raw = Attacker;

/** Says something first and is hung up on; a status if there is to be a welcome that refuses. */
const says =
  (bytes: Uint8Array, status?: number) =>
  async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    await raw.trySend(socket, bytes);
    await isRefused(raw, socket, 64, status);
  };

async function isRefused(raw: Raw, socket: number, bytes: number, status?: number): Promise<void> {
  const answer = (await raw.recv(socket, bytes)).bytes;
  if (status !== undefined) expect(answer.readInt32LE(bytes === 64 ? 12 : 8)).toBe(status);
  expect(await raw.over(socket)).toBe(true);
}

/** Gets a welcome, and attaches so; the status of what it hears then. */
const attaches =
  (make: (raw: Raw) => Promise<number[]>, status?: number, note: Uint8Array = attach()) =>
  async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    await raw.send(socket, hello());
    expect((await raw.recv(socket, 64)).files).toHaveLength(1);
    const files = await make(raw);
    await raw.trySend(socket, note, ...files);
    for (const file of files) await raw.close(file);
    await isRefused(raw, socket, 16, status);
  };

const BYTES = 2 * PAGE;
const right = async (raw: Raw) => [(await memory(raw, BYTES)).file];
const special = (kind: string) => async (raw: Raw) => [await raw.special(kind)];
const memfd = (bytes: number, seals: number) => async (raw: Raw) => [await raw.memfd(bytes, seals)];
const without = (seal: number) => memfd(BYTES, SEALS.ALL & ~seal);
const { ERR_INVALID_PARAM, ERR_NOT_EXIST, ERR_VERSION } = CS;
const malformed = (fields: Hello) => says(hello(fields), ERR_INVALID_PARAM);

attacks(
  'a native hello',
  {},
  {
    'of no bytes, hung up': [hungUp(Buffer.alloc(0)), HUNG_UP],
    'of one byte, hung up': [hungUp(hello().subarray(0, 1)), HUNG_UP],
    'of the name alone, hung up': [hungUp(hello().subarray(0, 8)), HUNG_UP],
    'of 63 bytes, hung up': [hungUp(hello().subarray(0, 63)), HUNG_UP],
    'of 63 bytes, half closed': [halfClosed(hello().subarray(0, 63)), HUNG_UP],
    'of no bytes, half closed': [halfClosed(Buffer.alloc(0)), HUNG_UP],
    'of least version 0': [malformed({ least: 0 }), MALFORMED],
    'of a least version beyond the greatest': [malformed({ least: 3 }), MALFORMED],
    'of versions 0 to 0': [malformed({ least: 0, greatest: 0 }), MALFORMED],
    'of later versions': [says(hello({ least: 3, greatest: 65535 }), ERR_VERSION), VERSIONS],
    'of an earlier version': [says(hello({ least: 1, greatest: 1 }), ERR_VERSION), VERSIONS],
    'with a first zero that is none': [malformed({ dirt: [44, 1] }), MALFORMED],
    'with a last zero that is none': [malformed({ dirt: [63, 255] }), MALFORMED],
    'of another service': [says(hello({ service: SERVICE + 1 }), ERR_NOT_EXIST), DENIED],
    'of service 65536': [says(hello({ service: 65536 }), ERR_NOT_EXIST), DENIED],
    'of service 2^31': [says(hello({ service: 2 ** 31 }), ERR_NOT_EXIST), DENIED],
    'of service 2^32 - 1': [says(hello({ service: MAX_U32 }), ERR_NOT_EXIST), DENIED],
    'that is said twice at once': [says(Buffer.concat([hello(), hello()])), MALFORMED_ATTACH],
    'with a doorbell behind': [
      says(Buffer.concat([hello(), Buffer.alloc(16, 1)])),
      MALFORMED_ATTACH,
    ],
    'with a name of one wrong letter': [hungUp(hello({ name: 'coroipcX' })), HUNG_UP],
    'with the name of an answer': [hungUp(hello({ name: 'coroipcS' })), HUNG_UP],
    'with a descriptor': [withFiles(8, 1), STRAY],
    'with a descriptor at its end': [lateFile, MALFORMED],
    'with 100 descriptors': [withFiles(0, 100), STRAY],
    'with 253 descriptors in its first byte': [withFiles(63, 253), STRAY],
  },
);

attacks(
  'a native hello that is modest or greedy is granted what there is:',
  {},
  {
    'rings of 0': [granted({ rings: [0n, 0n, 0n] }, 4096n), {}],
    'rings of 1': [granted({ rings: [1n, 1n, 1n] }, 4096n), {}],
    'rings of 4097': [granted({ rings: [4097n, 4097n, 4097n] }, 8192n), {}],
    'rings of 2^31': [granted({ rings: [2n ** 31n, 2n ** 31n, 2n ** 31n] }, 2n ** 26n), {}],
    'rings of 2^63': [granted({ rings: [2n ** 63n, 2n ** 63n, 2n ** 63n] }, 2n ** 26n), {}],
    'rings of 2^64 - 1': [granted({ rings: [MAX_U64, MAX_U64, MAX_U64] }, 2n ** 26n), {}],
    'no requests in flight': [granted({ inFlight: 0 }, 4096n, 1), {}],
    '2^32 - 1 requests in flight': [granted({ inFlight: MAX_U32 }, 4096n, 1024), {}],
  },
);

attacks(
  'a native attach',
  {},
  {
    'of no memory': [attaches(async () => []), NOT_ACCEPTED],
    'of two memories': [
      attaches(async (raw) => [...(await right(raw)), ...(await right(raw))]),
      HUNG_UP,
    ],
    'of 253 memories': [attaches(async (raw) => many(raw, 253)), HUNG_UP],
    'of unsealed memory': [attaches(memfd(BYTES, 0)), NOT_ACCEPTED],
    'of memory that may shrink': [attaches(without(SEALS.SHRINK)), NOT_ACCEPTED],
    'of memory that may grow': [attaches(without(SEALS.GROW)), NOT_ACCEPTED],
    'of memory that others may write': [attaches(without(SEALS.FUTURE_WRITE)), NOT_ACCEPTED],
    'of memory that may be sealed': [attaches(without(SEALS.SEAL)), NOT_ACCEPTED],
    'of no bytes of memory': [attaches(memfd(0, SEALS.ALL)), NOT_ACCEPTED],
    'of memory that is too small': [attaches(memfd(BYTES - PAGE, SEALS.ALL)), NOT_ACCEPTED],
    'of memory that is a byte too small': [attaches(memfd(BYTES - 1, SEALS.ALL)), NOT_ACCEPTED],
    'of memory that is too large': [attaches(memfd(BYTES + PAGE, SEALS.ALL)), NOT_ACCEPTED],
    'of memory without pages': [
      attaches(async (raw) => [await raw.hole(BYTES, SEALS.ALL)]),
      NOT_ACCEPTED,
    ],
    'of a pipe': [attaches(special('pipe')), NOT_ACCEPTED],
    'of a device': [attaches(special('device')), NOT_ACCEPTED],
    'of a directory': [attaches(special('directory')), NOT_ACCEPTED],
    'of a path': [attaches(special('path')), NOT_ACCEPTED],
    'of a file on a disk': [attaches(special('file')), NOT_ACCEPTED],
    'of a socket': [attaches(special('socket')), NOT_ACCEPTED],
    'of an eventfd': [attaches(special('eventfd')), NOT_ACCEPTED],
    'of an epoll set': [attaches(special('epoll')), NOT_ACCEPTED],
    'of a TCP socket whose close waits': [attaches(special('lingering')), NOT_ACCEPTED],
    'of another name': [
      attaches(right, ERR_INVALID_PARAM, attach({ name: 'coroipcR' })),
      MALFORMED_ATTACH,
    ],
    'of a status': [attaches(right, ERR_INVALID_PARAM, attach({ status: 1 })), MALFORMED_ATTACH],
    'of a zero that is none': [
      attaches(right, ERR_INVALID_PARAM, attach({ dirt: 1 })),
      MALFORMED_ATTACH,
    ],
    'that is cut off, hung up': [cutAttach, HUNG_UP],
    "of the server's own memory": [ownMemory, {}],
    'with bytes behind that are no doorbell': [behind(Buffer.from([5])), BREACH],
    'with a hello behind': [behind(hello()), BREACH],
    'with a thousand doorbells behind': [behind(Buffer.alloc(1000, DOORBELL[0])), BREACH],
  },
);

attacks(
  'a native handshake that takes too long',
  { limits: { handshakeTimeoutMs: 700 } },
  {
    'says nothing': [silent(0), TOO_LATE],
    'says a byte': [silent(1), TOO_LATE],
    'says its name': [silent(8), TOO_LATE],
    'says all but a byte': [silent(63), TOO_LATE],
    'says a hello, and nothing more': [silent(64), TOO_LATE],
    'drips byte by byte': [drips, TOO_LATE],
  },
);

function hungUp(bytes: Uint8Array) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    if (bytes.length > 0) await raw.send(socket, bytes);
    await raw.close(socket);
  };
}

function halfClosed(bytes: Uint8Array) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    if (bytes.length > 0) await raw.send(socket, bytes);
    await raw.shut(socket);
    expect(await raw.over(socket)).toBe(true);
  };
}

async function many(raw: Raw, count: number): Promise<number[]> {
  const files: number[] = [];
  for (let i = 0; i < count; i++) files.push(await raw.special('eventfd'));
  return files;
}

/** A hello whose first message holds all but `rest` bytes of it, and descriptors with that. */
function withFiles(rest: number, count: number) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    const bytes = hello();
    await raw.send(socket, bytes.subarray(0, 64 - rest), ...(await many(raw, count)));
    if (rest > 0) await raw.trySend(socket, bytes.subarray(64 - rest));
    await isRefused(raw, socket, 64);
  };
}

async function lateFile(raw: Raw, name: string): Promise<void> {
  const socket = await raw.connect(name);
  await raw.send(socket, hello().subarray(0, 40));
  await raw.trySend(socket, hello().subarray(40), await raw.special('eventfd'));
  await isRefused(raw, socket, 64, ERR_INVALID_PARAM);
}

function granted(fields: Hello, ring: bigint, inFlight = 8) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    await raw.send(socket, hello(fields));
    const { bytes, files } = await raw.recv(socket, 64);
    expect(bytes.readInt32LE(12)).toBe(CS.OK);
    for (const at of [16, 24, 32]) expect(bytes.readBigUInt64LE(at)).toBe(ring);
    expect(bytes.readUInt32LE(40)).toBe(inFlight);
    expect(files).toHaveLength(1);
  };
}

async function cutAttach(raw: Raw, name: string): Promise<void> {
  const socket = await raw.connect(name);
  await raw.send(socket, hello());
  await raw.recv(socket, 64);
  await raw.send(socket, attach().subarray(0, 15), ...(await right(raw)));
  await raw.close(socket);
}

/** What the server sent is sealed, and here even of the right size: it then talks to itself. */
async function ownMemory(raw: Raw, name: string): Promise<void> {
  const socket = await raw.connect(name);
  await raw.send(socket, hello({ rings: [8192n, 4096n, 4096n] }));
  const { files } = await raw.recv(socket, 64);
  await raw.send(socket, attach(), files[0] as number);
  await raw.recv(socket, 16);
  await raw.trySend(socket, DOORBELL);
  await raw.over(socket, 50);
}

function behind(bytes: Uint8Array) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    await raw.send(socket, hello());
    await raw.recv(socket, 64);
    const note = Buffer.concat([attach(), bytes]);
    await raw.send(socket, note, (await memory(raw, BYTES)).file);
    await raw.recv(socket, 16);
    expect(await raw.over(socket)).toBe(true);
  };
}

function silent(bytes: number) {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    if (bytes > 0) await raw.send(socket, hello().subarray(0, bytes));
    expect(await raw.over(socket)).toBe(true);
  };
}

async function drips(raw: Raw, name: string): Promise<void> {
  const socket = await raw.connect(name);
  const end = Date.now() + GENEROUS_MS;
  for (const byte of hello().subarray(0, 63)) {
    await raw.trySend(socket, Buffer.from([byte]));
    if (await raw.over(socket, 30)) return;
    expect(Date.now()).toBeLessThan(end);
  }
  expect(await raw.over(socket)).toBe(true);
}
