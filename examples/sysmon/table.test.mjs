import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LiveTable, printable } from './table.mjs';

const ESCAPE = '\x1b';
const PART = new RegExp(`${ESCAPE}\\[\\??\\d*[A-Za-z]|\n|[^${ESCAPE}\n]+`, 'g');
const UP = new RegExp(`^${ESCAPE}\\[\\d+A$`);

/** A terminal that knows the few sequences of the table. */
class Terminal extends EventEmitter {
  writes = 0;
  cursorShown = true;
  lines = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text) {
    this.writes += 1;
    for (const part of text.match(PART) ?? []) this.#take(part);
  }

  #take(part) {
    if (part === '\x1b[?25l') this.cursorShown = false;
    else if (part === '\x1b[?25h') this.cursorShown = true;
    else if (part === '\x1b[K')
      this.lines[this.#row] = this.lines[this.#row].slice(0, this.#column);
    else if (part === '\x1b[J') {
      this.lines[this.#row] = this.lines[this.#row].slice(0, this.#column);
      this.lines.length = this.#row + 1;
    } else if (part === '\x1b[2J') this.lines = [''];
    else if (part === '\x1b[H') [this.#row, this.#column] = [0, 0];
    else if (UP.test(part)) this.#row -= Number.parseInt(part.slice(2), 10);
    else if (part === '\n') {
      this.#row += 1;
      this.#column = 0;
      this.lines[this.#row] ??= '';
    } else {
      if (part.startsWith('\x1b')) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
      const old = this.lines[this.#row];
      this.lines[this.#row] =
        old.slice(0, this.#column) + part + old.slice(this.#column + part.length);
      this.#column += part.length;
      if (this.#row < 0 || this.#column > this.columns) throw new Error('outside of the window');
    }
  }
}

describe('LiveTable', () => {
  it('draws over what it drew, in one write a frame', () => {
    const terminal = new Terminal();
    const table = new LiveTable(terminal);
    table.draw(['a long first line', 'second', 'third']);
    expect(terminal.lines).toEqual(['a long first line', 'second', 'third', '']);
    table.draw(['short', '2']);
    expect(terminal.lines).toEqual(['short', '2', '']);
    table.draw(['one', 'two', 'three', 'four']);
    expect(terminal.lines).toEqual(['one', 'two', 'three', 'four', '']);
    expect(terminal.writes).toBe(3);
  });

  it('hides the cursor, and shows it when it is closed', () => {
    const terminal = new Terminal();
    const table = new LiveTable(terminal);
    table.draw(['x']);
    expect(terminal.cursorShown).toBe(false);
    table.close();
    table.close();
    expect(terminal.cursorShown).toBe(true);
    expect(terminal.writes).toBe(2);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('writes nothing when it never drew', () => {
    const terminal = new Terminal();
    new LiveTable(terminal).close();
    expect(terminal.writes).toBe(0);
  });

  it('keeps to the window, and starts anew when that changes', () => {
    const terminal = new Terminal(10, 4);
    const table = new LiveTable(terminal);
    const lines = Array.from({ length: 9 }, (_, line) => `${line} is a line that is too long`);
    table.draw(lines);
    expect(terminal.lines).toEqual(['0 is a lin', '1 is a lin', '2 is a lin', '']);
    terminal.rows = 3;
    terminal.columns = 5;
    terminal.emit('resize');
    table.draw(lines);
    expect(terminal.lines).toEqual(['0 is ', '1 is ', '']);
  });
});

describe('printable', () => {
  it('lets no sequence of a terminal through', () => {
    expect(printable('a\x1b[2Jb\n\u{9b}c~')).toBe('a?[2Jb??c~');
  });
});
