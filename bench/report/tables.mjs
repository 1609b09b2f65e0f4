// The numbers of a result in tables.
import { duration, perSecond, plain } from './format.mjs';
import { table } from './html.mjs';
import { peerOf } from './peers.mjs';
import { PLACEMENTS } from './pictures/told.mjs';

const words = (head, of) => ({ head, of, words: true });

// Smallest to largest; nothing for what was not measured.
function span(spread, number, format) {
  const { min, max } = spread?.[number] ?? {};
  return min === undefined || min === null ? '–' : `${format(min)} to ${format(max)}`;
}

const PERCENTILES = { p90Ns: 'p90', p99Ns: 'p99', p999Ns: 'p99.9', maxNs: 'longest' };

const ROW = [
  words('variant', ({ variant }) => variant ?? ''),
  words('implementation', ({ impl }) => peerOf(impl).label),
  words('placement', ({ placement }) => PLACEMENTS[placement] ?? placement),
  { head: 'p50', of: (row) => duration(row.p50Ns) },
  { head: 'its span over the rounds', of: (row) => span(row.spread, 'p50Ns', duration) },
  ...Object.entries(PERCENTILES).map(([name, head]) => ({
    head,
    of: (row) => duration(row[name]),
  })),
  { head: 'a second', of: (row) => perSecond(row.perSecond) },
  { head: 'its span over the rounds', of: (row) => span(row.spread, 'perSecond', perSecond) },
  { head: 'CPU each, both sides', of: (row) => duration(row.cpuNsPerOp) },
  { head: 'rounds', of: (row) => plain(row.rounds) },
];

// A variant is told only where a case has some.
export const rowsTable = (rows) =>
  table(rows.some(({ variant }) => variant) ? ROW : ROW.slice(1), rows);

// Numbers in objects of any depth, by the path to each.
function flat(given, path = '') {
  if (given === null || typeof given !== 'object') return [[path, given]];
  return Object.entries(given).flatMap(([name, each]) =>
    flat(each, path ? `${path} ${name}` : name),
  );
}

/** What only some rows have; nothing where none has it. */
export function moreTable(rows) {
  const lines = rows
    .filter(({ more }) => more)
    .flatMap(({ more, impl, variant }) =>
      flat(more).map(([what, number]) => ({ impl, variant, what, number })),
    );
  if (lines.length === 0) return '';
  return table(
    [
      words('implementation', ({ impl }) => peerOf(impl).label),
      words('variant', ({ variant }) => variant ?? ''),
      words('what', ({ what }) => what),
      { head: 'median', of: ({ number }) => (typeof number === 'number' ? plain(number) : number) },
    ],
    lines,
  );
}

export function ratiosTable(ratios) {
  const entries = Object.entries(ratios);
  if (entries.length === 0) return '';
  return table(
    [words('ratio', ([name]) => name), { head: 'median', of: ([, number]) => plain(number) }],
    // A ratio is a number here; whole outcomes are goals.
    entries.filter(([, number]) => number === null || typeof number === 'number'),
  );
}

// What became of a goal, and the class of the cell that tells it.
function verdict({ median, met, least, most }) {
  if (met === null || met === undefined) return { told: 'not measured' };
  if (met) return { told: 'met', kind: 'met' };
  const by = least === undefined ? median / most : least / median;
  // Of nothing wanted, everything is infinitely much: that tells nobody anything.
  const told = Number.isFinite(by) ? `missed by ${plain(by)} times` : 'missed';
  return { told, kind: 'missed' };
}

const about = ({ of = '', to }) => (to === undefined ? of : `${of} / ${to}`);

const GOAL = [
  { ...words('outcome', (goal) => verdict(goal).told), kind: (goal) => verdict(goal).kind },
  { ...words('what', ({ what }) => what), kind: () => 'wide' },
  {
    head: 'wanted',
    of: ({ least, most }) =>
      least === undefined ? `at most ${plain(most)}` : `at least ${plain(least)}`,
  },
  { head: 'measured', of: ({ median }) => plain(median) },
  { head: 'smallest to largest round', of: (goal) => span({ goal }, 'goal', plain) },
  words('of', about),
];

/** The goals, and what became of them; nothing where there are none. */
export const goalsTable = (goals) =>
  Object.keys(goals).length === 0 ? '' : table(GOAL, Object.values(goals));
