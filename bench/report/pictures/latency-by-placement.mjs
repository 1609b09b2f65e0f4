// The same call wherever its two processes were put, a panel a placement.
import { different, payloadOf, rowsOf } from '../choose.mjs';
import { READ_RANGES } from '../ranges.mjs';
import { panels } from './panels.mjs';
import { methodOf, PLACEMENTS } from './told.mjs';

export function latencyByPlacement(result) {
  const rows = rowsOf(result, 'syncCall', 'p50Ns').filter((row) => payloadOf(row) === 64);
  if (rows.length === 0) return undefined;
  const known = Object.keys(PLACEMENTS);
  const placements = different([...known, ...rows.map(({ placement }) => placement)]);
  return {
    rows,
    about: 'Median and 99th percentile of the time of a synchronous call at each placement',
    spec: panels({
      title: 'What a call of 64 bytes costs, and where its two processes run',
      subtitle: [READ_RANGES, ...methodOf(result, rows, 'Sorted by the best median')],
      rows,
      columns: placements
        .map((placement) => ({
          head: PLACEMENTS[placement] ?? placement,
          rows: rows.filter((row) => row.placement === placement),
        }))
        .filter((column) => column.rows.length > 0),
    }),
  };
}
