// The picture of a crowd's run: memory, descriptors and throughput over time, one above the other.
import { draw } from '../../../bench/report/draw.mjs';
import { headOf } from '../../../bench/report/theme.mjs';

const WIDTH = 640;
const HEIGHT = 130;
const BLUE = '#0969da';
const ORANGE = '#bc4c00';
const MIB = 2 ** 20;

/** Points of a line: more than these nobody can tell apart. */
const MOST_POINTS = 600;

// Means over as many seconds as it takes.
function thinned(samples) {
  const each = Math.ceil(samples.length / MOST_POINTS);
  const groups = Array.from({ length: Math.ceil(samples.length / each) }, (_, group) =>
    samples.slice(group * each, (group + 1) * each),
  );
  const mean = (group, name) => group.reduce((sum, one) => sum + one[name], 0) / group.length;
  const means = groups.map((group) =>
    Object.fromEntries(Object.keys(group[0]).map((name) => [name, mean(group, name)])),
  );
  return { means, each };
}

const axisX = (last) => ({
  field: 'minutes',
  type: 'quantitative',
  scale: { domain: [0, last], nice: false },
  axis: { title: last ? 'minutes' : null, grid: false },
});

// One line for each of `fields`, `{ name, field, colour, of }`, with a legend in its name.
function panel(samples, { head, title, fields }) {
  const last = samples.at(-1)?.seconds / 60;
  const values = fields.flatMap(({ name, colour, of }) =>
    samples.map((sample) => ({ minutes: sample.seconds / 60, value: of(sample), name, colour })),
  );
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      headOf(head, -12),
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          x: axisX(last),
          y: {
            field: 'value',
            type: 'quantitative',
            scale: { zero: true },
            axis: { title, tickCount: 5 },
          },
          color: { field: 'colour', type: 'nominal', scale: null },
          detail: { field: 'name', type: 'nominal' },
        },
      },
    ],
  };
}

const specOf = ({ clients, seconds, kills, stops, serverDeaths }, samples, each) => ({
  title: {
    text: `A crowd of ${clients} connections over ${(seconds / 60).toFixed(1)} minutes`,
    subtitle: `The steady server, ${each === 1 ? 'each second' : `means over ${each} seconds`}; meanwhile ${kills} client processes were killed, ${stops} stopped, ${serverDeaths} servers killed`,
  },
  vconcat: [
    panel(samples, {
      head: 'Memory: resident (blue), of it anonymous (orange)',
      title: 'MiB',
      fields: [
        { name: 'resident', colour: BLUE, of: ({ resident }) => resident / MIB },
        { name: 'anonymous', colour: ORANGE, of: ({ anonymous }) => anonymous / MIB },
      ],
    }),
    panel(samples, {
      head: 'Open descriptors (blue) and connections (orange)',
      title: 'count',
      fields: [
        { name: 'descriptors', colour: BLUE, of: ({ descriptors }) => descriptors },
        { name: 'connections', colour: ORANGE, of: ({ connections }) => connections },
      ],
    }),
    panel(samples, {
      head: 'Requests, answers and dispatch messages a second',
      title: 'messages/s',
      fields: [{ name: 'messages', colour: BLUE, of: ({ messages }) => messages }],
    }),
  ],
});

/** The picture as SVG. */
export function picture(result) {
  const { means, each } = thinned(result.samples);
  const what = 'Memory, open descriptors and messages a second of a server over time';
  return draw(specOf(result, means, each), what);
}
