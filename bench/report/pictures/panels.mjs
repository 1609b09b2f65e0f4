// Panels side by side: the same implementations in the same order, one axis of time for all.
import { peerOf } from '../peers.mjs';
import { labelAxis, rangeDomain, rangeLayers, rangeOf, wordColumn } from '../ranges.mjs';
import { headOf } from '../theme.mjs';

export const WIDTH = 186;
export const STEP = 20;
/** Where the name of a panel stands. */
export const HEAD = -30;

/** The labels of the implementations of rows, by their best `number`. */
export function bestFirst(rows, number) {
  const best = new Map();
  for (const row of rows) {
    const { label } = peerOf(row.impl);
    best.set(label, Math.min(best.get(label) ?? Number.POSITIVE_INFINITY, row[number]));
  }
  return [...best].sort(([, a], [, b]) => a - b).map(([label]) => label);
}

/** A column's axis: only the first one has the names. */
export const axisOf = (values, index) =>
  index === 0 ? labelAxis(values) : { ...labelAxis(values), labels: false, labelPadding: 0 };

function rangePanel({ head, rows }, index, { sort, domain, all }) {
  const ranges = rows.map((row) => rangeOf(row));
  return {
    width: WIDTH,
    height: { step: STEP },
    data: { values: ranges },
    layer: [
      headOf(head, HEAD),
      ...rangeLayers({
        sort,
        domain,
        axis: axisOf(all, index),
        title: 'time (log scale)',
        width: WIDTH,
        height: STEP,
      }),
      ...wordColumn({ x: WIDTH + 58, field: 'told', head: 'p50', sort }),
    ],
  };
}

/** A panel of ranges for each of the columns `{ head, rows }`, all with the implementations of `rows`. */
export function rangePanels(columns, rows, sort) {
  const all = rows.map((row) => rangeOf(row));
  const domain = rangeDomain(all);
  return columns.map((column, index) => rangePanel(column, index, { sort, domain, all }));
}

/** A picture of one line of such panels. */
export const panels = ({ title, subtitle, columns, rows }) => ({
  title: { text: title, subtitle },
  hconcat: rangePanels(columns, rows, bestFirst(rows, 'p50Ns')),
  spacing: 22,
});
