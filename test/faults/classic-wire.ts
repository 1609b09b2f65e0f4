// The classic wire by hand, of either generation: the setup message with any field wrong, and a client
// that sets itself up right, to do wrong afterwards.

import type { Attacker, Word } from './attacker.js';
import { PAGE } from './native-wire.js';

export type Generation = '1.2' | '1.4';

interface Layout {
  readonly bytes: number;
  readonly path: number;
  readonly sizes: number;
  readonly wake: number;
  readonly request: number;
  readonly response: number;
  readonly dispatch: number;
}

export const LAYOUT: Readonly<Record<Generation, Layout>> = {
  '1.2': { bytes: 304, path: 64, sizes: 272, wake: 8, request: 8, response: 40, dispatch: 72 },
  '1.4': {
    bytes: 16432,
    path: 4096,
    sizes: 16400,
    wake: 16,
    request: 80,
    response: 112,
    dispatch: 48,
  },
};

export const CONTROL = 8192;
export const FILES = ['control', 'request', 'response', 'dispatch'] as const;
export type FileName = (typeof FILES)[number];
export type Sizes = Readonly<Record<FileName, number | bigint>>;
export type Paths = Readonly<Record<FileName, string>>;

export const SIZES: Readonly<Record<FileName, number>> = {
  control: CONTROL,
  request: PAGE,
  response: PAGE,
  dispatch: PAGE,
};

let names = 0;
export const shmPath = (what: string): string =>
  `/dev/shm/coroipc-faults-${process.pid}-${++names}-${what}`;

export function setup(
  generation: Generation,
  paths: Paths,
  sizes: Sizes = SIZES,
  service = 3,
): Buffer {
  const layout = LAYOUT[generation];
  const bytes = Buffer.alloc(layout.bytes);
  bytes.writeUInt32LE(service, 0);
  for (const [index, file] of FILES.entries()) {
    bytes.write(paths[file], 16 + index * layout.path, 'latin1');
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(sizes[file])), layout.sizes + 8 * index);
  }
  return bytes;
}

export function header(size: number, id: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(16 + body.length);
  bytes.writeInt32LE(size, 0);
  bytes.writeInt32LE(id, 8);
  bytes.set(body, 16);
  return bytes;
}

export const ZCB = { alloc: -1, free: -2, execute: -3 } as const;

export function zcbAlloc(mapSize: number | bigint, path: string): Buffer {
  const body = Buffer.alloc(136);
  body.writeBigUInt64LE(BigInt.asUintN(64, BigInt(mapSize)), 0);
  body.write(path, 8, 'latin1');
  return header(152, ZCB.alloc, body);
}

export function zcbNamed(id: number, ...words: (number | bigint)[]): Buffer {
  const body = Buffer.alloc(8 * words.length);
  for (const [index, word] of words.entries())
    body.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)), 8 * index);
  return header(16 + body.length, id, body);
}

export interface SharedFiles {
  readonly paths: Record<FileName, string>;
  readonly descriptors: Record<FileName, number>;
}

/** The four files of a client, as they should be. */
export async function sharedFiles(raw: Attacker): Promise<SharedFiles> {
  const paths = {} as Record<FileName, string>;
  const descriptors = {} as Record<FileName, number>;
  for (const file of FILES) {
    paths[file] = shmPath(file);
    descriptors[file] = await raw.file(paths[file], SIZES[file]);
  }
  return { paths, descriptors };
}

export class ClassicPeer {
  readonly raw: Attacker;
  readonly generation: Generation;
  readonly socket: number;
  readonly files: Record<FileName, number>;
  readonly maps: Record<FileName, number>;

  private constructor(
    raw: Attacker,
    generation: Generation,
    socket: number,
    files: Record<FileName, number>,
    maps: Record<FileName, number>,
  ) {
    this.raw = raw;
    this.generation = generation;
    this.socket = socket;
    this.files = files;
    this.maps = maps;
  }

  /** A client that does everything right. */
  static async connect(raw: Attacker, name: string, generation: Generation): Promise<ClassicPeer> {
    const { paths, descriptors } = await sharedFiles(raw);
    const maps = {} as Record<FileName, number>;
    for (const file of FILES) maps[file] = await raw.map(descriptors[file], SIZES[file], 'rw');
    const peer = new ClassicPeer(raw, generation, await raw.connect(name), descriptors, maps);
    for (const at of [peer.layout.wake, peer.layout.request])
      await raw.poke(peer.word(at + 8), 0x80);
    await raw.send(peer.socket, setup(generation, paths));
    const answer = (await raw.recv(peer.socket, 8)).bytes;
    if (answer.length !== 8 || answer.readInt32LE(0) !== 1)
      throw new Error(`refused: ${answer.toString('hex')}`);
    return peer;
  }

  get layout(): Layout {
    return LAYOUT[this.generation];
  }

  word = (at: number): Word => ({ map: this.maps.control, at, width: 4 });

  /** Writes a request and announces it. */
  async request(bytes: Uint8Array): Promise<void> {
    await this.raw.fill(this.maps.request, 0, bytes);
    await this.announce();
  }

  async announce(): Promise<void> {
    await this.raw.post(this.maps.control, this.layout.request);
    if (this.generation === '1.4') await this.raw.post(this.maps.control, this.layout.wake);
  }

  /** The answer to what was requested: its status, and its bytes. */
  async answer(): Promise<{ status: number; bytes: Buffer }> {
    const word = this.word(this.layout.response);
    const end = Date.now() + 30_000;
    while ((await this.raw.peek(word)) === 0n) {
      if (Date.now() > end) throw new Error('no answer came');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await this.raw.poke(word, 0);
    const bytes = await this.raw.read(this.maps.response, 0, PAGE);
    return { status: bytes.readInt32LE(16), bytes };
  }
}
