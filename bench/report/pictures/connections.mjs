// What many connections change: for a call on one of them, for calls on all of them, and for a
// message to all of them.
import { atBestPlacement, countOf, different, rowsOf } from '../choose.mjs';
import { lineChart, lineOf } from '../lines.mjs';
import { methodOf } from './told.mjs';

const SIZE = { width: 160, height: 250 };

const CHARTS = [
  {
    name: 'hotAmong1000',
    title: 'One is called, the others idle',
    number: 'p50Ns',
    best: 'least',
    y: { title: 'time of a call, median', format: 'duration' },
    x: { title: 'connections', format: 'plain' },
  },
  {
    name: 'allHot',
    title: 'All are called',
    number: 'perSecond',
    best: 'most',
    y: { title: 'calls a second, all together', format: 'perSecond' },
    x: { title: 'connections', format: 'plain' },
  },
  {
    name: 'fanOut',
    title: 'A message to all',
    number: 'perSecond',
    best: 'most',
    y: { title: 'deliveries a second, all together', format: 'perSecond' },
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
      rows.filter((row) => row.impl === impl).map((row) => [countOf(row), row[number]]),
    ),
  );
  return { ...chart, rows, lines };
}

export function connections(result) {
  const charts = CHARTS.map((chart) => chartOf(result, chart)).filter(
    ({ rows }) => rows.length > 0,
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
          'Messages of 64 bytes, all axes are log scales · on the left lower is better, elsewhere higher',
          ...methodOf(result, rows, 'each point at the placement where it is best'),
        ],
      },
      hconcat: charts.map(({ rows: _, ...chart }) => lineChart({ ...chart, ...SIZE })),
      spacing: 24,
    },
  };
}
