// Where a subscriber shows what it knows: a live table in a terminal, a line now and then elsewhere.

import { LiveTable, printable } from './table.mjs';
import { plainLine, tableLines } from './view.mjs';

const FRAME_MS = 500;
const LINE_MS = 1000;

export class Display {
  #table = process.stdout.isTTY ? new LiveTable(process.stdout) : undefined;

  /** How often something is to be shown. */
  get periodMs() {
    return this.#table === undefined ? LINE_MS : FRAME_MS;
  }

  /** @param {import('./view.mjs').Known} known */
  show(known) {
    if (this.#table === undefined) process.stdout.write(`${printable(plainLine(known))}\n`);
    else this.#table.draw(tableLines(known));
  }

  close() {
    this.#table?.close();
  }
}

/** Rejects when standard output cannot be written any more. */
export const outputBroken = () =>
  new Promise((_, reject) => {
    process.stdout.on('error', (error) => reject(new Error(`standard output: ${error.message}`)));
  });
