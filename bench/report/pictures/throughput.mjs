// How much goes through, over the size of a message: calls that carry it there and back, and messages
// one way.
import { atBestPlacement, different, formOf, haveCourse, payloadOf, rowsOf } from '../choose.mjs';
import { lineChart, lineOf, pointOf, READ_LINES } from '../lines.mjs';
import { methodOf } from './told.mjs';

const SIZE = { width: 230, height: 300 };

// The lines of each implementation, one for each of its forms. A number is the rate `timesOf` a row.
function linesOf(rows, timesOf) {
  return different(rows.map(({ impl }) => impl)).flatMap((impl) => {
    const own = rows.filter((row) => row.impl === impl);
    return different(own.map(formOf)).map((form) =>
      lineOf(
        impl,
        own
          .filter((row) => formOf(row) === form)
          .map((row) => pointOf(row, payloadOf(row), 'perSecond', timesOf(row))),
        form,
      ),
    );
  });
}

function bestAtSize(result, name) {
  const rows = rowsOf(result, name, 'perSecond').filter((row) => payloadOf(row) > 0);
  return atBestPlacement(rows, 'perSecond', 'most', (row) => [payloadOf(row), formOf(row)]);
}

const X = { title: 'size of a message', format: 'size' };

export function throughput(result) {
  const calls = bestAtSize(result, 'syncCall');
  const messages = bestAtSize(result, 'dispatch');
  const charts = [
    {
      rows: calls,
      title: 'Synchronous calls, one after the other',
      lines: linesOf(calls, payloadOf),
      y: { title: 'bytes a second each way (as many come back)', format: 'byteRate' },
    },
    {
      rows: messages,
      title: 'Messages one way, as fast as they are taken',
      lines: linesOf(messages, () => 1),
      y: { title: 'messages a second', format: 'perSecond' },
    },
  ].filter((chart) => haveCourse(chart.rows, payloadOf));
  if (charts.length === 0) return undefined;
  const rows = charts.flatMap((chart) => chart.rows);
  return {
    rows,
    about: 'Bytes a second of synchronous calls and messages a second one way, over their size',
    spec: {
      title: {
        text: 'Throughput over the size of messages',
        subtitle: [
          READ_LINES,
          ...methodOf(result, rows, 'Each point at the placement where it is fastest'),
        ],
      },
      hconcat: charts.map(({ title, lines, y }) => lineChart({ title, lines, x: X, y, ...SIZE })),
      spacing: 28,
    },
  };
}
