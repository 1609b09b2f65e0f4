// Rows of latencies: a line a row from the median to the 99th percentile, on a log scale of time.
import { logDomain, logTicks } from './axes.mjs';
import { duration } from './format.mjs';
import { peerOf } from './peers.mjs';
import { INK, MUTED } from './theme.mjs';

export const READ_RANGES =
  'Dot: median (p50) · pale band: p50 of the fastest to the slowest round · tick: p90 · end of the line: p99';

/** What is drawn of a row. `label` is what its line is called. */
export function rangeOf(row, label = peerOf(row.impl).label) {
  const { colour, shape, ours } = peerOf(row.impl);
  const { min = row.p50Ns, max = row.p50Ns } = row.spread?.p50Ns ?? {};
  return {
    label,
    colour,
    shape,
    ours,
    p50: row.p50Ns,
    // A percentile that was not taken has no mark of its own.
    p90: row.p90Ns ?? row.p50Ns,
    p99: row.p99Ns ?? row.p90Ns ?? row.p50Ns,
    low: min,
    high: max,
    told: duration(row.p50Ns),
    toldP99: duration(row.p99Ns),
    thick: ours ? 4 : 2.5,
  };
}

/** The domain of times that has room for all ranges. */
export const rangeDomain = (ranges) =>
  logDomain(ranges.flatMap(({ low, high, p50, p99 }) => [low, high, p50, p99]));

/** Labels of ours are bold: a condition of an axis on their list. */
export const emphasised = (ours) => ({
  condition: { test: `indexof(${JSON.stringify(ours)}, datum.value) >= 0`, value: 600 },
  value: 400,
});

export const labelAxis = (ranges) => ({
  title: null,
  domain: false,
  ticks: false,
  labelPadding: 10,
  labelLimit: 0,
  grid: true,
  labelFontWeight: emphasised(ranges.filter(({ ours }) => ours).map(({ label }) => label)),
});

const raw = (field) => ({ field, type: 'nominal', scale: null });

/** The marks of ranges over `sort`, the order of labels, for a chart `width` pixels wide. */
export function rangeLayers({ sort, domain, axis, title, width, height = 20 }) {
  const x = {
    field: 'p50',
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: { title, values: logTicks(domain, width / 48), formatType: 'duration', format: '' },
  };
  const y = { field: 'label', type: 'nominal', sort, axis, scale: { domain: sort } };
  const at = (field) => ({ ...x, field });
  return [
    {
      mark: { type: 'bar', height: height * 0.62, opacity: 0.22, minBandSize: 2 },
      encoding: { x: at('low'), x2: { field: 'high' }, y, color: raw('colour') },
    },
    {
      mark: { type: 'rule', opacity: 0.75, strokeWidth: { expr: 'datum.thick' } },
      encoding: { x, x2: { field: 'p99' }, y, color: raw('colour') },
    },
    {
      mark: { type: 'tick', thickness: 2, size: height * 0.42 },
      encoding: { x: at('p90'), y, color: raw('colour') },
    },
    {
      mark: { type: 'tick', thickness: 2, size: height * 0.42 },
      encoding: { x: at('p99'), y, color: raw('colour') },
    },
    {
      mark: { type: 'point', filled: true, size: 80, opacity: 1 },
      encoding: { x, y, color: raw('colour'), shape: raw('shape') },
    },
  ];
}

/** A column of words beside the ranges, `x` pixels from the left, with a head above it. */
export function wordColumn({ x, field, head, sort, muted = false, align = 'right' }) {
  const mark = { type: 'text', align, x, color: muted ? MUTED : INK };
  return [
    {
      mark: muted ? mark : { ...mark, fontWeight: { expr: 'datum.ours ? 600 : 400' } },
      encoding: {
        text: { field, type: 'nominal' },
        y: { field: 'label', type: 'nominal', sort },
      },
    },
    { data: { values: [{}] }, mark: { ...mark, y: -9, text: head, color: MUTED } },
  ];
}
