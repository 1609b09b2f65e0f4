// Requests on a schedule: how late answers are, and what both sides burn for it.

import { logDomain, logTicks } from '../axes.mjs';
import { atBestPlacement, countOf, different, rowsOf } from '../choose.mjs';
import { duration, plain } from '../format.mjs';
import { peerOf } from '../peers.mjs';
import { READ_RANGES, wordColumn } from '../ranges.mjs';
import { headOf } from '../theme.mjs';
import { axisOf, bestFirst, HEAD, rangePanels, STEP, WIDTH } from './panels.mjs';
import { methodOf } from './told.mjs';

const raw = (field) => ({ field, type: 'nominal', scale: null });

function cpuPanel({ head, rows }, index, { sort, domain }) {
  const values = rows.map(({ impl, cpuNsPerOp }) => {
    const { label, colour, shape, ours } = peerOf(impl);
    return { label, colour, shape, ours, cpu: cpuNsPerOp, told: duration(cpuNsPerOp) };
  });
  const y = { field: 'label', type: 'nominal', sort, scale: { domain: sort } };
  const x = {
    field: 'cpu',
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: {
      title: 'CPU time each (log scale)',
      values: logTicks(domain, WIDTH / 48),
      formatType: 'duration',
      format: '',
    },
  };
  const axis = axisOf(
    sort.map((label) => ({
      label,
      ours: values.some((each) => each.ours && each.label === label),
    })),
    index,
  );
  return {
    width: WIDTH,
    height: { step: STEP },
    data: { values },
    layer: [
      headOf(`CPU, ${head}`, HEAD),
      {
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { x, y: { ...y, axis }, color: raw('colour'), shape: raw('shape') },
      },
      ...wordColumn({ x: WIDTH + 58, field: 'told', head: 'CPU', sort }),
    ],
  };
}

export function paced(result) {
  const rows = atBestPlacement(
    rowsOf(result, 'paced', 'p50Ns').filter((row) => countOf(row) > 0),
    'p50Ns',
    'least',
    countOf,
  );
  if (rows.length === 0) return undefined;
  const rates = different(rows.map(countOf)).sort((a, b) => a - b);
  const columns = rates.map((rate) => ({
    head: `${plain(rate)} requests a second`,
    rows: rows.filter((row) => countOf(row) === rate),
  }));
  const sort = bestFirst(rows, 'p50Ns');
  const burning = rows.filter(({ cpuNsPerOp }) => cpuNsPerOp > 0);
  const cpu = burning.length === 0 ? [] : cpuPanels(columns, burning, sort);
  return {
    rows,
    about: 'Times of requests that come on a schedule, and the CPU time of both sides for each',
    spec: {
      title: {
        text: 'Requests of 64 bytes on a schedule: how late the answers are, and what it costs',
        subtitle: [
          `${READ_RANGES} · from the moment a request was due`,
          'Below: the CPU time of both processes together for each request, in the same order',
          ...methodOf(result, rows, 'Each at the placement with the least median'),
        ],
      },
      concat: [...rangePanels(columns, rows, sort), ...cpu],
      columns: columns.length,
      spacing: { row: 22, column: 22 },
    },
  };
}

function cpuPanels(columns, burning, sort) {
  const domain = logDomain(burning.map(({ cpuNsPerOp }) => cpuNsPerOp));
  const all = columns.map(({ head, rows }) => ({
    head,
    rows: rows.filter((row) => burning.includes(row)),
  }));
  return all.map((column, index) => cpuPanel(column, index, { sort, domain }));
}
