// How much goes through, over the size of a message: calls that carry it there and back, and messages
// one way.
import { atBestPlacement, different, formOf, payloadOf, rowsOf } from '../choose.mjs';
import { lineChart, lineOf } from '../lines.mjs';
import { methodOf } from './told.mjs';

const SIZE = { width: 230, height: 300 };

// Lines of the best rows at each size; `keyOf` tells the lines of an implementation apart.
function linesOf(rows, keyOf, yOf) {
  return different(rows.map(({ impl }) => impl)).flatMap((impl) => {
    const own = rows.filter((row) => row.impl === impl);
    return different(own.map(keyOf)).map((form) =>
      lineOf(
        impl,
        own.filter((row) => keyOf(row) === form).map((row) => [payloadOf(row), yOf(row)]),
        form,
      ),
    );
  });
}

function bestAtSize(result, name, keyOf) {
  const rows = rowsOf(result, name, 'perSecond').filter((row) => payloadOf(row) > 0);
  return atBestPlacement(rows, 'perSecond', 'most', (row) => [payloadOf(row), keyOf(row)]);
}

export function throughput(result) {
  const calls = bestAtSize(result, 'syncCall', () => 'handler');
  const messages = bestAtSize(result, 'dispatch', formOf);
  const x = { title: 'size of a message', format: 'size' };
  const charts = [];
  if (calls.length > 0) {
    charts.push({
      title: 'Synchronous calls, one after the other',
      lines: linesOf(
        calls,
        () => 'handler',
        (row) => row.perSecond * payloadOf(row),
      ),
      y: { title: 'bytes a second each way (as many come back)', format: 'byteRate' },
    });
  }
  if (messages.length > 0) {
    charts.push({
      title: 'Messages one way, as fast as they are taken',
      lines: linesOf(messages, formOf, (row) => row.perSecond),
      y: { title: 'messages a second', format: 'perSecond' },
    });
  }
  if (charts.length === 0) return undefined;
  const rows = [...calls, ...messages];
  return {
    rows,
    about: 'Bytes a second of synchronous calls and messages a second one way, over their size',
    spec: {
      title: {
        text: 'Throughput over the size of messages',
        subtitle: [
          'Both axes are log scales · higher is better',
          ...methodOf(result, rows, 'each point at the placement where it is fastest'),
        ],
      },
      hconcat: charts.map((chart) => lineChart({ ...chart, x, ...SIZE })),
      spacing: 28,
    },
  };
}
