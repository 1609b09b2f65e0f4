// The native wire by hand: its messages with any field wrong, and a client that goes through the
// handshake right, to do wrong afterwards. Written from docs/native-wire.md alone.

import { type Attacker, SEALS, type Word } from './attacker.js';

export const PAGE = 4096;
export const MAX_U32: number = 2 ** 32 - 1;
export const MAX_U64: bigint = 2n ** 64n - 1n;

/** Where the control words are. */
export const AT = {
  responseHead: 0,
  dispatchHead: 64,
  clientSleep: 128,
  released: 512,
  requestHead: 0,
  serverSleep: 64,
  backlog: 128,
  ring: PAGE,
} as const;

/** The version of the wire that this is. */
export const VERSION = 2;

export interface Hello {
  readonly name?: string;
  readonly least?: number;
  readonly greatest?: number;
  readonly service?: number;
  readonly rings?: readonly [bigint, bigint, bigint];
  readonly inFlight?: number;
  /** A byte of those that have to be zero, and what it is. */
  readonly dirt?: readonly [at: number, value: number];
}

const RINGS = [4096n, 4096n, 4096n] as const;

export function hello(fields: Hello = {}): Buffer {
  const {
    name = 'coroipcN',
    least = VERSION,
    greatest = VERSION,
    service = 3,
    rings = RINGS,
  } = fields;
  const bytes = Buffer.alloc(64);
  bytes.write(name, 'latin1');
  bytes.writeUInt16LE(least, 8);
  bytes.writeUInt16LE(greatest, 10);
  bytes.writeUInt32LE(service, 12);
  for (const [index, ring] of rings.entries()) bytes.writeBigUInt64LE(ring, 16 + 8 * index);
  bytes.writeUInt32LE(fields.inFlight ?? 8, 40);
  if (fields.dirt !== undefined) bytes[fields.dirt[0]] = fields.dirt[1];
  return bytes;
}

export interface Welcome extends Omit<Hello, 'least' | 'greatest' | 'service'> {
  readonly version?: number;
  readonly status?: number;
}

export function welcome(fields: Welcome = {}): Buffer {
  const { name = 'coroipcS', version = VERSION, status = 1, rings = RINGS } = fields;
  const bytes = Buffer.alloc(64);
  bytes.write(name, 'latin1');
  bytes.writeUInt16LE(version, 8);
  bytes.writeInt32LE(status, 12);
  for (const [index, ring] of rings.entries()) bytes.writeBigUInt64LE(ring, 16 + 8 * index);
  bytes.writeUInt32LE(fields.inFlight ?? 8, 40);
  if (fields.dirt !== undefined) bytes[fields.dirt[0]] = fields.dirt[1];
  return bytes;
}

function settle(name: string, status: number, dirt: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write(name, 'latin1');
  bytes.writeInt32LE(status, 8);
  bytes.writeUInt32LE(dirt, 12);
  return bytes;
}

export const attach = ({ name = 'coroipcA', status = 0, dirt = 0 } = {}): Buffer =>
  settle(name, status, dirt);
export const ready = ({ name = 'coroipcR', status = 1, dirt = 0 } = {}): Buffer =>
  settle(name, status, dirt);

export const DOORBELL: Buffer = Buffer.from([1]);

const KINDS = { offer: 2, answer: 3, withdraw: 4 } as const;

/** A note of a zero-copy buffer. */
export function note(
  kind: keyof typeof KINDS,
  number: number,
  value: number | bigint = 0,
  dirt = 0,
): Buffer {
  const bytes = Buffer.alloc(16);
  bytes[0] = KINDS[kind];
  bytes[1] = dirt;
  bytes.writeUInt32LE(number, 4);
  bytes.writeBigUInt64LE(BigInt(value), 8);
  return bytes;
}

export interface Record {
  /** Of the record; the true one where it is not given. */
  readonly bytes?: number;
  readonly kind?: number;
  readonly sequence?: number | bigint;
  /** Of the message, in its own header. */
  readonly size?: number;
  readonly id?: number;
  readonly body?: Uint8Array;
  /** Makes it a response or a dispatch message. */
  readonly error?: number;
}

/** A record as it lies in a ring, padding included. */
export function record(fields: Record = {}): Buffer {
  const { kind = 0, sequence = 1, id = 2, body = Buffer.from('body') } = fields;
  const header = fields.error === undefined ? 16 : 24;
  const bytes = Buffer.alloc(Math.ceil((16 + header + body.length) / 8) * 8);
  bytes.writeUInt32LE(fields.bytes ?? 16 + header + body.length, 0);
  bytes.writeUInt32LE(kind, 4);
  bytes.writeBigUInt64LE(BigInt(sequence), 8);
  bytes.writeInt32LE(fields.size ?? header + body.length, 16);
  bytes.writeInt32LE(id, 24);
  if (fields.error !== undefined) bytes.writeInt32LE(fields.error, 32);
  bytes.set(body, 16 + header);
  return bytes;
}

/** Where a message in a buffer lies, the body of a record of kind 1. */
export function place(buffer: number, offset: number | bigint, dirt = 0): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(buffer, 0);
  bytes.writeUInt32LE(dirt, 4);
  bytes.writeBigUInt64LE(BigInt(offset), 8);
  return bytes;
}

/** Memory as the wire wants it, mapped for writing before it is sealed. */
export async function memory(raw: Attacker, bytes: number): Promise<{ file: number; map: number }> {
  const file = await raw.memfd(bytes, 0);
  const map = await raw.map(file, bytes, 'rw');
  await raw.seal(file, SEALS.ALL);
  return { file, map };
}

/** One that is connected, or a server's side of such a one. */
export class NativePeer {
  readonly raw: Attacker;
  readonly socket: number;
  readonly mine: number;
  readonly theirs: number;

  constructor(raw: Attacker, socket: number, mine: number, theirs: number) {
    this.raw = raw;
    this.socket = socket;
    this.mine = mine;
    this.theirs = theirs;
  }

  /** A client that does everything right. */
  static async connect(raw: Attacker, name: string, fields: Hello = {}): Promise<NativePeer> {
    const [request = 0n, response = 0n, dispatch = 0n] = fields.rings ?? RINGS;
    const socket = await raw.connect(name);
    await raw.send(socket, hello(fields));
    const { files } = await raw.recv(socket, 64);
    const [file = -1] = files;
    const theirs = await raw.map(file, PAGE + Number(response + dispatch), 'r');
    await raw.close(file);
    const mine = await memory(raw, PAGE + Number(request));
    await raw.send(socket, attach(), mine.file);
    await raw.close(mine.file);
    const answer = (await raw.recv(socket, 16)).bytes;
    if (answer.length !== 16 || answer.readInt32LE(8) !== 1)
      throw new Error(`not ready: ${answer.toString('hex')}`);
    return new NativePeer(raw, socket, mine.map, theirs);
  }

  /** A word of its own memory. */
  word = (at: number, width: 4 | 8 = 8): Word => ({ map: this.mine, at, width });

  /** Puts records in its ring, at the beginning, and tells. */
  async put(...records: Uint8Array[]): Promise<void> {
    await this.publish(Buffer.concat(records));
    await this.ring();
  }

  /**
   * Writes records to a ring of its own, of a page, that begins at `ring`: behind the bytes that were
   * written before. The first word of all comes last, and publishes them.
   */
  async publish(records: Uint8Array, ring: number = AT.ring, before = 0): Promise<void> {
    const all = Buffer.concat([records, Buffer.alloc(8)]).subarray(4);
    const at = (before + 4) % PAGE;
    const whole = all.subarray(0, PAGE - at);
    await this.raw.fill(this.mine, ring + at, whole);
    if (whole.length < all.length) {
      await this.raw.fill(this.mine, ring, all.subarray(whole.length));
    }
    const first = Buffer.from(records).readUInt32LE();
    await this.raw.poke(this.word(ring + (before % PAGE), 4), first);
  }

  #rung = 0n;

  /** Rings as the rules have it, once for each sleep of the peer's; it may have hung up meanwhile. */
  async ring(): Promise<void> {
    const word = await this.raw.peek({ map: this.theirs, at: AT.serverSleep, width: 4 });
    if ((word & 7n) === 0n || word === this.#rung) return;
    this.#rung = word;
    await this.raw.trySend(this.socket, DOORBELL);
  }

  /** Offers a buffer, and hears that it was taken. */
  async offer(number: number, bytes: number = PAGE): Promise<number> {
    const { file, map } = await memory(this.raw, bytes);
    await this.raw.send(this.socket, note('offer', number, bytes), file);
    await this.raw.close(file);
    const answer = (await this.raw.recv(this.socket, 16)).bytes;
    if (answer.length !== 16 || answer.readBigUInt64LE(8) !== 1n)
      throw new Error(`not taken: ${answer.toString('hex')}`);
    return map;
  }
}
