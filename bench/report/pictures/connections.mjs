// What many connections change: for a call on one of them, for calls on all of them, and for a
// message to all of them.
import { atBestPlacement, countOf, different, haveCourse, rowsOf } from '../choose.mjs';
import { lineChart, lineOf, pointOf } from '../lines.mjs';
import { methodOf } from './told.mjs';

const SIZE = { width: 160, height: 250 };

const CHARTS = [
  {
    name: 'hotAmong1000',
    title: 'One is called, the others idle',
    number: 'p50Ns',
    best: 'least',
    y: { title: 'median time of a call (less is better)', format: 'duration' },
    x: { title: 'connections', format: 'plain' },
  },
  {
    name: 'allHot',
    title: 'All are called',
    number: 'perSecond',
    best: 'most',
    y: { title: 'calls a second in all (more is better)', format: 'perSecond' },
    x: { title: 'connections', format: 'plain' },
  },
  {
    name: 'fanOut',
    title: 'A message to all',
    number: 'perSecond',
    best: 'most',
    y: { title: 'deliveries a second (more is better)', format: 'perSecond' },
    x: { title: 'subscribers', format: 'plain' },
  },
];

function chartOf(result, { name, number, best, ...chart }) {
  const rows = atBestPlacement(
    rowsOf(result, name, number).filter((row) => countOf(row) > 0),
    number,
    best,
    countOf,
  );
  const lines = different(rows.map(({ impl }) => impl)).map((impl) =>
    lineOf(
      impl,
      rows.filter((row) => row.impl === impl).map((row) => pointOf(row, countOf(row), number)),
    ),
  );
  return { ...chart, rows, lines };
}

export function connections(result) {
  const charts = CHARTS.map((chart) => chartOf(result, chart)).filter(({ rows }) =>
    haveCourse(rows, countOf),
  );
  if (charts.length === 0) return undefined;
  const rows = charts.flatMap((chart) => chart.rows);
  return {
    rows,
    about: 'Times and rates over the number of connections',
    spec: {
      title: {
        text: 'From one connection to many',
        subtitle: [
          'Messages of 64 bytes · points: medians · pale band: the smallest to the largest round · log scales',
          ...methodOf(result, rows, 'Each point at the placement where it is best'),
        ],
      },
      hconcat: charts.map(({ rows: _, ...chart }) => lineChart({ ...chart, ...SIZE })),
      spacing: 24,
    },
  };
}
