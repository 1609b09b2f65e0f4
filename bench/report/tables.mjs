// The numbers of a result in tables.
import { duration, perSecond, plain } from './format.mjs';
import { escaped, table } from './html.mjs';
import { peerOf } from './peers.mjs';
import { PLACEMENTS } from './pictures/told.mjs';

const words = (head, of) => ({ head, of, words: true });

// Smallest to largest; nothing for what was not measured.
function span(spread, number, format) {
  const { min, max } = spread?.[number] ?? {};
  return min === undefined ? '–' : `${format(min)} to ${format(max)}`;
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

function verdict({ median, met, least, most }) {
  if (met === null || met === undefined) return ['', 'not measured'];
  if (met) return ['met', 'met'];
  const by = least === undefined ? median / most : least / median;
  // Of nothing wanted, everything is infinitely much: that tells nobody anything.
  return ['missed', Number.isFinite(by) ? `missed by ${plain(by)} times` : 'missed'];
}

function wanted({ least, most }) {
  return least === undefined ? `at most ${plain(most)}` : `at least ${plain(least)}`;
}

const about = ({ of, to }) => (of === undefined ? '' : to === undefined ? of : `${of} / ${to}`);

/** The goals, and what became of them; nothing where there are none. */
export function goalsTable(goals) {
  const entries = Object.entries(goals);
  if (entries.length === 0) return '';
  const cell = (text, kind = 'words') => `<td class="${kind}">${escaped(text)}</td>`;
  const lines = entries.map(([, goal]) => {
    const [kind, told] = verdict(goal);
    const spread = goal.median === null ? '–' : `${plain(goal.min)} to ${plain(goal.max)}`;
    return `<tr>${[
      cell(told, `words ${kind}`),
      cell(goal.what, 'words wide'),
      cell(wanted(goal), ''),
      cell(plain(goal.median), ''),
      cell(spread, ''),
      cell(about(goal)),
    ].join('')}</tr>`;
  });
  const heads = ['outcome', 'what', 'wanted', 'measured', 'smallest to largest round', 'of'];
  return [
    '<div class="table"><table>',
    `<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>`,
    `<tbody>${lines.join('\n')}</tbody>`,
    '</table></div>',
  ].join('\n');
}
