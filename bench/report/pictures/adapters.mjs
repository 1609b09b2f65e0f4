// The poll systems that the library stands on, a row each: awaited calls, and beside them messages.
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

// `libuv: call` and `libuv: dispatch` are of the same adapter.
const MESSAGES = /: dispatch$/;
const nameOf = ({ variant, impl }) => variant?.replace(/: \w+$/, '') ?? peerOf(impl).label;
const keyOf = (row) => `${row.impl} ${nameOf(row)}`;

function messagesOf(result) {
  const rows = rowsOf(result, 'adapters', 'perSecond').filter(({ variant }) =>
    MESSAGES.test(variant ?? ''),
  );
  return new Map(
    atBestPlacement(rows, 'perSecond', 'most', nameOf).map((row) => [keyOf(row), row.perSecond]),
  );
}

function rangesOf(rows, messages) {
  const several = new Set(rows.map(({ impl }) => impl)).size > 1;
  return rows.map((row) => {
    const { label } = peerOf(row.impl);
    const name = nameOf(row);
    return {
      ...rangeOf(row, several && name !== label ? `${name} · ${label}` : name),
      toldRate: perSecond(messages.get(keyOf(row))),
      // All of these are ours: none of them is set off against the others.
      ours: false,
    };
  });
}

export function adapters(result) {
  const rows = atBestPlacement(
    rowsOf(result, 'adapters', 'p50Ns').filter(({ variant }) => !MESSAGES.test(variant ?? '')),
    'p50Ns',
    'least',
    nameOf,
  ).sort((a, b) => a.p50Ns - b.p50Ns);
  if (rows.length === 0) return undefined;
  const messages = messagesOf(result);
  const ranges = rangesOf(rows, messages);
  const sort = ranges.map(({ label }) => label);
  const column = (x, field, head, rest) => wordColumn({ x: WIDTH + x, field, head, sort, ...rest });
  const title = 'time of a call (log scale)';
  return {
    rows,
    about: 'Times of calls over each poll system that the library can stand on',
    spec: {
      title: {
        text: 'Awaited calls of 64 bytes on each poll system, and messages one way',
        subtitle: [READ_RANGES, ...methodOf(result, rows, 'Each where it is fastest')],
      },
      width: WIDTH,
      height: { step: 23 },
      data: { values: ranges },
      layer: [
        ...rangeLayers({
          ...{ sort, title, domain: rangeDomain(ranges) },
          ...{ axis: labelAxis(ranges), width: WIDTH },
        }),
        ...column(64, 'told', 'p50'),
        ...column(134, 'toldP99', 'p99', { muted: true }),
        ...(messages.size > 0 ? column(216, 'toldRate', 'messages') : []),
      ],
    },
  };
}
