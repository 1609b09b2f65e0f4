// One call of 64 bytes, a row an implementation, each where it is fastest: the picture that is looked
// at first. The same of a call to a server that sleeps.
import { atBestPlacement, payloadOf, rowsOf } from '../choose.mjs';
import {
  labelAxis,
  READ_RANGES,
  rangeDomain,
  rangeLayers,
  rangeOf,
  wordColumn,
} from '../ranges.mjs';
import { methodOf, PLACEMENTS } from './told.mjs';

const WIDTH = 400;
const STEP = 23;

function headline(name, text, about) {
  return (result) => {
    const rows = atBestPlacement(
      rowsOf(result, name, 'p50Ns').filter((row) => payloadOf(row) === 64),
      'p50Ns',
      'least',
    ).sort((a, b) => a.p50Ns - b.p50Ns);
    if (rows.length === 0) return undefined;
    const ranges = rows.map((row) => ({
      ...rangeOf(row),
      placement: PLACEMENTS[row.placement] ?? row.placement,
    }));
    const sort = ranges.map(({ label }) => label);
    const column = (x, field, head, rest) =>
      wordColumn({ x: WIDTH + x, field, head, sort, ...rest });
    const title = 'time of a call (log scale)';
    return {
      rows,
      about,
      spec: {
        title: {
          text,
          subtitle: [READ_RANGES, ...methodOf(result, rows, 'Each where it is fastest')],
        },
        width: WIDTH,
        height: { step: STEP },
        data: { values: ranges },
        layer: [
          ...rangeLayers({
            sort,
            domain: rangeDomain(ranges),
            axis: labelAxis(ranges),
            title,
            width: WIDTH,
          }),
          ...column(62, 'told', 'p50'),
          ...column(128, 'toldP99', 'p99', { muted: true }),
          ...column(144, 'placement', 'placement', { muted: true, align: 'left' }),
        ],
      },
    };
  };
}

export const syncCall = headline(
  'syncCall',
  'A call of 64 bytes to another process, and its answer of 64 bytes',
  'Median and 99th percentile of the time of a synchronous call, a row an implementation',
);

export const wake = headline(
  'wake',
  'The same call to a server that sleeps: 500 µs of rest before each call',
  'Median and 99th percentile of the time of a call to a sleeping server, a row an implementation',
);
