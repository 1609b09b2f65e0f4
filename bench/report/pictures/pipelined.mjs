// Calls a second over how many are in flight.
import { atBestPlacement, countOf, different, haveCourse, rowsOf } from '../choose.mjs';
import { lineChart, lineOf, pointOf, READ_LINES } from '../lines.mjs';
import { methodOf } from './told.mjs';

export function pipelined(result) {
  const rows = atBestPlacement(
    rowsOf(result, 'pipelined', 'perSecond').filter((row) => countOf(row) > 0),
    'perSecond',
    'most',
    countOf,
  );
  if (!haveCourse(rows, countOf)) return undefined;
  const lines = different(rows.map(({ impl }) => impl)).map((impl) =>
    lineOf(
      impl,
      rows.filter((row) => row.impl === impl).map((row) => pointOf(row, countOf(row), 'perSecond')),
    ),
  );
  return {
    rows,
    about: 'Asynchronous calls a second, over how many are in flight at a time',
    spec: {
      title: {
        text: 'Asynchronous calls of 64 bytes, over how many are in flight',
        subtitle: [
          READ_LINES,
          ...methodOf(result, rows, 'Each point at the placement where it is fastest'),
        ],
      },
      hconcat: [
        lineChart({
          lines,
          x: { title: 'calls in flight', format: 'plain' },
          y: { title: 'calls a second', format: 'perSecond' },
          width: 480,
          height: 330,
        }),
      ],
    },
  };
}
