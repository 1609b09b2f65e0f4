// The table of what works where, from what ran; and the one in README.md, which has to say the same.
import { readFileSync, writeFileSync } from 'node:fs';
import { at } from '../run.mjs';

// The rows, each with the areas of the test program that it stands for.
const ROWS = [
  ['`IpcServer` and `IpcClient`', ['people', 'lives', 'memory', 'process']],
  ['`coroipcs` and `coroipcc`', ['c-names']],
  ['worker threads', ['workers']],
  ['`threadPoll()`, the default', ['thread']],
  ['`epollPoll()`', ['epoll thread']],
  ['`EpollLoop`: `run`, `runOnce`, `attach`', ['epoll run', 'epoll step', 'epoll nested']],
  ['`rxPoll()` over these', ['rxjs on thread', 'rxjs on epoll']],
  ['`libuvPoll()`', ['libuv']],
  ['clients of a server on Node', ['sysmon']],
];

const README = 'README.md';
const HEADING = '## Runtimes';

function cell(areas, outcomes) {
  const own = outcomes.filter(({ area }) => areas.includes(area));
  if (own.length === 0) return '?';
  if (own.some(({ error }) => error !== undefined)) return 'FAILS';
  return own.every(({ works }) => works) ? 'yes' : 'no';
}

/**
 * @param {{ name: string, outcomes: import('./program.mjs').Outcome[] }[]} runtimes
 * @returns {string[]} the lines of the table
 */
export function tableOf(runtimes) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...runtimes.map(({ name }) => name)]),
    line(['---', ...runtimes.map(() => '---')]),
    ...ROWS.map(([words, areas]) =>
      line([words, ...runtimes.map(({ outcomes }) => cell(areas, outcomes))]),
    ),
  ];
}

function section(text) {
  const begin = text.indexOf(`${HEADING}\n`);
  const table = text.indexOf('\n| ', begin) + 1;
  if (begin < 0 || table === 0) throw new Error(`${README} has no table below "${HEADING}"`);
  const rest = text.slice(table).split('\n');
  const length = rest.findIndex((each) => !each.startsWith('|'));
  return { begin: table, lines: rest.slice(0, length) };
}

const cellsOf = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((each) => each.trim());

/** What README.md says otherwise than a table of some or all runtimes, a line each. */
export function differences(table, readme = readFileSync(at(README), 'utf8')) {
  const told = section(readme).lines.map(cellsOf);
  const ran = table.map(cellsOf);
  if (told.length !== ran.length) return [`${README} has ${told.length} rows, not ${ran.length}`];
  const found = [];
  for (const [column, name] of ran[0].entries()) {
    const toldColumn = told[0].indexOf(name);
    if (toldColumn < 0) found.push(`${README} says nothing of ${name}`);
    else {
      for (const [row, cells] of ran.entries()) {
        const wanted = cells[column];
        const got = told[row][toldColumn];
        if (row !== 1 && wanted !== got) {
          found.push(`${README}: ${cells[0]}, ${name || 'the row'}: "${got}", not "${wanted}"`);
        }
      }
    }
  }
  return found;
}

/** Puts a table in the place of README.md's. */
export function writeTable(table) {
  const text = readFileSync(at(README), 'utf8');
  const { begin, lines } = section(text);
  const length = lines.join('\n').length;
  writeFileSync(at(README), text.slice(0, begin) + table.join('\n') + text.slice(begin + length));
}
