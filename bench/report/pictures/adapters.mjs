// The poll systems that the library stands on, a row each.
import { atBestPlacement, rowsOf } from '../choose.mjs';
import { perSecond } from '../format.mjs';
import { peerOf } from '../peers.mjs';
import {
  labelAxis,
  READ_RANGES,
  rangeDomain,
  rangeLayers,
  rangeOf,
  wordColumn,
} from '../ranges.mjs';
import { methodOf } from './told.mjs';

const WIDTH = 420;

export function adapters(result) {
  const rows = atBestPlacement(
    rowsOf(result, 'adapters', 'p50Ns'),
    'p50Ns',
    'least',
    ({ variant }) => variant,
  ).sort((a, b) => a.p50Ns - b.p50Ns);
  if (rows.length === 0) return undefined;
  const several = new Set(rows.map(({ impl }) => impl)).size > 1;
  const ranges = rows.map((row) => {
    const { label } = peerOf(row.impl);
    const name = row.variant ?? label;
    return {
      ...rangeOf(row, several && row.variant !== null ? `${name} · ${label}` : name),
      toldRate: perSecond(row.perSecond),
      // All of these are ours: none of them is set off against the others.
      ours: false,
    };
  });
  const sort = ranges.map(({ label }) => label);
  const column = (x, field, head, rest) => wordColumn({ x: WIDTH + x, field, head, sort, ...rest });
  return {
    rows,
    about: 'Times of calls over each poll system that the library can stand on',
    spec: {
      title: {
        text: 'The same exchange on each poll system',
        subtitle: [
          READ_RANGES,
          ...methodOf(result, rows, 'each at the placement where it is fastest'),
        ],
      },
      width: WIDTH,
      height: { step: 23 },
      data: { values: ranges },
      layer: [
        ...rangeLayers({
          sort,
          domain: rangeDomain(ranges),
          axis: labelAxis(ranges),
          title: 'time (log scale)',
          width: WIDTH,
        }),
        ...column(64, 'told', 'p50'),
        ...column(134, 'toldP99', 'p99', { muted: true }),
        ...(rows.some((row) => row.perSecond !== null) ? column(216, 'toldRate', 'rate') : []),
      ],
    },
  };
}
