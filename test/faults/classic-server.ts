// A classic server by hand: it hears a setup, opens what the client named, and lies from there on.

import { existsSync, rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { Attacker } from './attacker.js';
import { CONTROL, FILES, type FileName, type Generation, LAYOUT } from './classic-wire.js';

export class ClassicServer {
  static readonly #named: string[] = [];
  /** The names in /dev/shm, of those that clients of this test have told, that are still there. */
  static left = (): string[] => ClassicServer.#named.filter((path) => existsSync(path));

  readonly raw: Attacker;
  readonly socket: number;
  readonly generation: Generation;
  readonly paths: Record<FileName, string>;
  readonly files: Record<FileName, number>;
  readonly maps: Record<FileName, number>;

  private constructor(
    raw: Attacker,
    socket: number,
    generation: Generation,
    paths: Record<FileName, string>,
    files: Record<FileName, number>,
    maps: Record<FileName, number>,
  ) {
    this.raw = raw;
    this.socket = socket;
    this.generation = generation;
    this.paths = paths;
    this.files = files;
    this.maps = maps;
  }

  /** Accepts one, hears its setup, and maps its files. */
  static async greet(
    raw: Attacker,
    listener: number,
    generation: Generation,
  ): Promise<ClassicServer> {
    const socket = await raw.accept(listener);
    const layout = LAYOUT[generation];
    const { bytes } = await raw.recv(socket, layout.bytes);
    const paths = {} as Record<FileName, string>;
    const files = {} as Record<FileName, number>;
    const maps = {} as Record<FileName, number>;
    for (const [index, file] of FILES.entries()) {
      const at = 16 + index * layout.path;
      const field = bytes.subarray(at, at + layout.path);
      paths[file] = field.subarray(0, field.indexOf(0)).toString('latin1');
      files[file] = await raw.open(paths[file], 'rw');
      maps[file] = await raw.map(files[file], file === 'control' ? CONTROL : 4096, 'rw');
    }
    // A client leaves the names to a server that says yes, and this one does not take them away.
    ClassicServer.#named.push(...Object.values(paths));
    onTestFinished(() => {
      for (const path of ClassicServer.#named.splice(0)) rmSync(path, { force: true });
    });
    return new ClassicServer(raw, socket, generation, paths, files, maps);
  }

  async answerSetup(status: number): Promise<void> {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(status, 0);
    await this.raw.send(this.socket, bytes);
  }

  hangUp = (): Promise<unknown> => this.raw.close(this.socket);
  truncate = async (file: FileName): Promise<void> => {
    await this.raw.truncate(this.files[file], 0);
    if (file === 'response') await this.#post('response');
    if (file === 'dispatch') await this.event(this.generation === '1.2' ? 0 : 1);
  };

  /** Waits until a request was announced. */
  async requested(): Promise<void> {
    const at = LAYOUT[this.generation].request;
    while ((await this.raw.peek({ map: this.maps.control, at, width: 4 })) === 0n)
      await this.raw.over(this.socket, 1);
  }

  #post = (semaphore: 'response' | 'dispatch'): Promise<unknown> =>
    this.raw.post(this.maps.control, LAYOUT[this.generation][semaphore]);

  event = (value: number): Promise<void> => this.raw.trySend(this.socket, Buffer.from([value]));

  /** An answer whose header says that it is of so many bytes. */
  async answer(size: number): Promise<void> {
    await this.raw.fill(this.maps.response, 0, headerOf(size));
    await this.#post('response');
  }

  /** A dispatch message at the ring's beginning, of so many bytes as its header says. */
  async dispatch(writeIndex: number, size: number): Promise<void> {
    await this.raw.fill(this.maps.dispatch, 0, headerOf(size));
    await this.raw.poke({ map: this.maps.control, at: 4, width: 4 }, writeIndex);
    await this.#post('dispatch');
    await this.event(this.generation === '1.2' ? 0 : 1);
  }

  /** Messages one after another from the ring's beginning, the last of so many bytes as its header says. */
  async dispatchBehind(good: number, size: number): Promise<void> {
    const messages = [...Array<number>(good).fill(24), size].map(headerOf);
    await this.raw.fill(this.maps.dispatch, 0, Buffer.concat(messages));
    await this.raw.poke({ map: this.maps.control, at: 4, width: 4 }, 24 * messages.length);
    for (let left = messages.length; left > 0; left--) {
      await this.#post('dispatch');
      await this.event(this.generation === '1.2' ? 0 : 1);
    }
  }

  async garbage(): Promise<void> {
    for (let at = 8; at < 104; at += 4)
      await this.raw.poke({ map: this.maps.control, at, width: 4 }, 0x5a5a5a5a);
  }

  flood = (value: number): Promise<number> =>
    this.raw.flood(this.socket, Buffer.from([value]), 8000);
}

function headerOf(size: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeInt32LE(size, 0);
  bytes.writeInt32LE(2, 8);
  bytes.writeInt32LE(1, 16);
  return bytes;
}
