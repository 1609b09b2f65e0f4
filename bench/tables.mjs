// The tables for people.

/** Lines of cells in columns; the first `left` columns begin at the left, the others end at the right. */
export function table(lines, left) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((each) => each[column].length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) =>
          column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A number with three digits that count, or all before the point. */
export function shown(value) {
  if (value === null || value === undefined) return '-';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}

/** Nanoseconds as microseconds or milliseconds, whichever reads better. */
export function time(ns) {
  if (ns === null || ns === undefined) return '-';
  return ns < 1e6 ? `${shown(ns / 1000)} us` : `${shown(ns / 1e6)} ms`;
}

/** What was measured, a line a row. */
export function rowsTable(rows) {
  const head = [
    'case',
    'impl',
    'placement',
    'p50',
    'smallest to largest',
    'p90',
    'p99',
    'p99.9',
    'max',
    'a second',
    'CPU each',
  ];
  const lines = rows.map((row) => {
    const { p50Ns: p50 } = row.spread;
    return [
      row.variant === null ? row.case : `${row.case}: ${row.variant}`,
      ...[row.impl, row.placement, time(row.p50Ns)],
      p50 === undefined ? '-' : `${time(p50.min)} to ${time(p50.max)}`,
      ...[row.p90Ns, row.p99Ns, row.p999Ns, row.maxNs].map(time),
      ...[shown(row.perSecond), time(row.cpuNsPerOp)],
    ];
  });
  return table([head, ...lines], 3);
}

const FIELDS = [
  'cpuPercent',
  'cpuPercentWithout',
  'threads',
  'rssBytesEach',
  'sharedBytesEach',
  'anonymousBytesEach',
  'jsHeapBytesEach',
];

/** What only some rows have, a line a side of each. */
export function moreTable(rows) {
  const lines = rows.flatMap(({ case: name, impl, more }) =>
    Object.entries(more).map(([side, numbers]) => [
      ...[name, impl, side],
      ...FIELDS.map((field) => shown(numbers[field])),
    ]),
  );
  return table([['case', 'impl', 'side', ...FIELDS], ...lines], 3);
}

function verdict({ median, met, least, most }) {
  if (met === null) return 'not measured';
  if (met) return 'met';
  if (most === 0) return 'missed';
  const by = least === undefined ? median / most : least / median;
  return `missed by ${shown(by)} times`;
}

/** The goals, and what became of them. */
export function goalsTable(outcomes) {
  const head = ['goal', 'what', 'wanted', 'measured', 'smallest to largest', 'outcome'];
  const lines = Object.entries(outcomes).map(([name, each]) => [
    name,
    each.what,
    each.least === undefined ? `<= ${shown(each.most)}` : `>= ${shown(each.least)}`,
    shown(each.median),
    each.met === null ? '-' : `${shown(each.min)} to ${shown(each.max)}`,
    verdict(each),
  ]);
  return table([head, ...lines], 2);
}
