// Sends framed messages on a socket. What is sent in one turn leaves in one system call, by cork and
// uncork on the next tick, as Node's documentation of streams advises.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { frameOf } from './framing.mjs';

// Up to here copying costs less than two pieces do.
const COPIED = 16 * 1024;

export class Sender {
  #socket;
  #corked = false;

  constructor(socket) {
    this.#socket = socket;
  }

  send(message) {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    if (message.length <= COPIED) return this.#socket.write(frameOf(message));
    const header = Buffer.allocUnsafe(4);
    header.writeUInt32LE(message.length);
    this.#socket.write(header);
    return this.#socket.write(message);
  }
}

/**
 * Sends `count` messages on each of `lines`, `{ socket, send(message) }`: as many in a turn as their
 * sockets take, and the next when all of them have room again.
 */
export async function publishTo(lines, message, count) {
  let rest = count;
  await turn();
  while (rest > 0) {
    let room = true;
    while (rest > 0 && room) {
      rest -= 1;
      for (const line of lines) room = line.send(message) && room;
    }
    await turn();
    const full = lines.filter(({ socket }) => socket.writableNeedDrain);
    await Promise.all(full.map(({ socket }) => once(socket, 'drain')));
  }
}
