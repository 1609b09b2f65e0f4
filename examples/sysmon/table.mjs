// Shows a few lines of text again and again in one place of a terminal. It draws over what it drew
// and scrolls nothing away; a frame is one write, cut to the window's size, so that no line wraps
// and nothing flickers.

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_TO_LINE_END = '\x1b[K';
const ERASE_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J\x1b[H';
/** @param {number} lines */
const up = (lines) => (lines === 0 ? '' : `\x1b[${lines}A`);

/**
 * @typedef {{ write(text: string): unknown, columns?: number, rows?: number,
 *   on?(event: 'resize', listener: () => void): unknown,
 *   off?(event: 'resize', listener: () => void): unknown }} Screen
 */

export class LiveTable {
  #screen;
  #drawn = 0;
  #hidden = false;
  #resized = false;
  #onResize = () => {
    this.#resized = true;
  };

  /** @param {Screen} screen */
  constructor(screen) {
    this.#screen = screen;
    screen.on?.('resize', this.#onResize);
  }

  /**
   * Shows `lines` in place of the lines before.
   * @param {readonly string[]} lines
   */
  draw(lines) {
    // A window of 0 columns is one whose size nobody set.
    const columns = this.#screen.columns || 80;
    const rows = this.#screen.rows || 24;
    // The cursor stands below the last line, and needs a line there.
    const shown = lines.slice(0, rows - 1).map((line) => printable(line).slice(0, columns));
    let frame = this.#hidden ? '' : HIDE_CURSOR;
    // How the terminal moved the lines of the old window is not known.
    frame += this.#resized ? CLEAR_ALL : up(this.#drawn);
    frame += shown.map((line) => `${line}${ERASE_TO_LINE_END}\n`).join('') + ERASE_BELOW;
    this.#hidden = true;
    this.#resized = false;
    this.#drawn = shown.length;
    this.#screen.write(frame);
  }

  /** Leaves the last lines where they are, and the terminal as it was. */
  close() {
    this.#screen.off?.('resize', this.#onResize);
    if (this.#hidden) this.#screen.write(SHOW_CURSOR);
    this.#hidden = false;
  }
}

/**
 * The name of a process is whatever it likes, an escape sequence of the terminal for one.
 * @param {string} text
 */
export function printable(text) {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
