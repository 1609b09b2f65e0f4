// What all pictures have in common: letters, lines, and colours on white and on black. A picture is
// drawn for white, on a ground of its own, and carries rules that exchange its colours where the reader
// prefers dark; where nothing heeds them, a white card remains.
import { peerColours } from './peers.mjs';

export const PAPER = '#ffffff';
export const INK = '#1f2328';
export const MUTED = '#59636e';
const GRID = '#e4e8ec';
const AXIS_LINE = '#b6bfc8';

export const FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif";

const DARK = [
  [PAPER, '#0d1117'],
  [INK, '#e6edf3'],
  [MUTED, '#9aa4af'],
  [GRID, '#232a32'],
  [AXIS_LINE, '#4a535d'],
  ...peerColours(),
];

/** The rules for readers who prefer dark, for what is within `scope`. */
export const darkRules = (scope = '') =>
  `@media (prefers-color-scheme:dark){${DARK.map(
    ([light, dark]) =>
      `${scope}[fill="${light}"]{fill:${dark}}${scope}[stroke="${light}"]{stroke:${dark}}`,
  ).join('')}}`;

/** The configuration of every picture, of Vega-Lite. */
export const CONFIG = {
  aria: false,
  customFormatTypes: true,
  background: PAPER,
  font: FONT,
  padding: { left: 16, right: 16, top: 14, bottom: 14 },
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'bounds',
    fontSize: 17,
    fontWeight: 600,
    color: INK,
    subtitleColor: MUTED,
    subtitleFontSize: 12,
    subtitleLineHeight: 16,
    subtitlePadding: 5,
    offset: 14,
  },
  axis: {
    labelColor: INK,
    labelFontSize: 12,
    titleColor: MUTED,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 8,
    gridColor: GRID,
    domainColor: AXIS_LINE,
    tickColor: AXIS_LINE,
    labelOverlap: false,
  },
  header: { labelColor: INK, labelFontSize: 13, labelFontWeight: 600, titleColor: MUTED },
  text: { color: INK, fontSize: 12 },
};

/** The name of a chart or a panel, `y` pixels from its top: a mark, so that those of a row stand level. */
export const headOf = (text, y) => ({
  data: { values: [{}] },
  mark: { type: 'text', align: 'left', x: 0, y, text, fontSize: 13, fontWeight: 600 },
});
