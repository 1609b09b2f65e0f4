// Lines over a quantity, both on log scales, each with its name beside its end. A pale band at a point
// is its span over the rounds.
import { logDomain, logScale, logTicks } from './axes.mjs';
import { different } from './choose.mjs';
import { dodge } from './dodge.mjs';
import { peerOf } from './peers.mjs';
import { headOf } from './theme.mjs';

/** What lines say of how they are read. */
export const READ_LINES =
  'Points: medians · pale band: the smallest to the largest round · higher is better, both axes are log scales';

const GAP = 14;
const AWAY = 26;
const DASHES = { usual: [1, 0], batch: [6, 3], 'zero-copy': [6, 3], rxjs: [2, 3] };

/** A point of a line at `x`: a row's `number` and its span over the rounds, `times` something. */
export function pointOf(row, x, number, times = 1) {
  const { min = row[number], max = row[number] } = row.spread?.[number] ?? {};
  // A log scale has no place for a round of nothing.
  const low = min > 0 ? min : row[number];
  return { x, y: row[number] * times, low: low * times, high: max * times };
}

/** A line of points, of `impl`; a `form` other than the usual is told and dashed. */
export function lineOf(impl, points, form = 'usual') {
  const { label, colour, shape, ours } = peerOf(impl);
  return {
    label: form === 'usual' ? label : `${label}, ${form}`,
    colour,
    shape,
    ours,
    dash: DASHES[form] ?? DASHES.usual,
    points: [...points].sort((a, b) => a.x - b.x),
  };
}

const raw = (field) => ({ field, type: 'nominal', scale: null });

function labelsOf(lines, domain, height) {
  const scale = logScale(domain, height);
  const ends = lines.map(({ points }) => points.at(-1));
  const places = dodge(
    ends.map(({ y }) => scale.placeOf(y)),
    GAP,
    height,
  );
  return lines.map(({ label, colour, ours }, index) => {
    const { x, y } = ends[index];
    return { label, colour, x, y, labelY: scale.valueAt(places[index]), ours };
  });
}

function labelLayers(labels, { x, y }, width) {
  const colour = { color: raw('colour') };
  const weight = { expr: 'datum.ours ? 600 : 400' };
  return [
    {
      data: { values: labels },
      mark: { type: 'rule', strokeWidth: 1, opacity: 0.45 },
      encoding: { x, x2: { value: width + AWAY - 5 }, y, y2: { field: 'labelY' }, ...colour },
    },
    {
      data: { values: labels },
      mark: { type: 'text', align: 'left', x: width + AWAY, fontWeight: weight },
      encoding: { y: { ...y, field: 'labelY' }, text: raw('label'), ...colour },
    },
  ];
}

/**
 * A chart of lines. `x` and `y` are `{ title, format }`, the formats by their names in draw.mjs; at
 * the bottom stand the places where something was measured, and no others.
 */
export function lineChart({ title, lines, x: across, y: up, width, height }) {
  // What is drawn last lies on top: ours.
  const order = [...lines].sort((a, b) => a.ours - b.ours);
  const flat = order.flatMap(({ points, ...line }) =>
    points.map((point) => ({ ...line, ...point })),
  );
  const places = different(flat.map((point) => point.x)).sort((a, b) => a - b);
  const domain = logDomain(flat.flatMap(({ low, high }) => [low, high]));
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', domain: [places[0], places.at(-1)], nice: false },
    axis: {
      title: across.title,
      values: places,
      formatType: across.format,
      format: '',
      labelFlush: false,
    },
  };
  const y = {
    field: 'y',
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: {
      title: up.title,
      values: logTicks(domain, height / 40),
      formatType: up.format,
      format: '',
    },
  };
  const marks = { color: raw('colour'), detail: { field: 'label', type: 'nominal' } };
  return {
    width,
    height,
    layer: [
      ...(title === undefined ? [] : [headOf(title, -16)]),
      ...labelLayers(labelsOf(lines, domain, height), { x, y }, width),
      {
        data: { values: flat },
        mark: { type: 'rule', opacity: 0.22, strokeWidth: { expr: 'datum.ours ? 7 : 4' } },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color: raw('colour') },
      },
      {
        data: { values: flat },
        mark: { type: 'line', strokeWidth: { expr: 'datum.ours ? 3 : 1.5' } },
        encoding: { x, y, ...marks, strokeDash: raw('dash') },
      },
      {
        data: { values: flat },
        mark: { type: 'point', filled: true, opacity: 1, size: { expr: 'datum.ours ? 70 : 36' } },
        encoding: { x, y, ...marks, shape: raw('shape') },
      },
    ],
  };
}
