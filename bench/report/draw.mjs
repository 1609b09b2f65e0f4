// From a picture's description in Vega-Lite to SVG, without a browser and without a canvas.
import * as vega from 'vega';
import { compile } from 'vega-lite';
import { byteRate, duration, perSecond, plain, size } from './format.mjs';
import { escaped } from './html.mjs';
import { textWidth } from './text-width.mjs';
import { CONFIG, darkRules } from './theme.mjs';

// Vega's own estimate is half as much again as letters are wide, and leaves gaps.
vega.textMetrics.width = (item, text) => {
  const bold = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600;
  return textWidth(String(text ?? item.text ?? ''), item.fontSize ?? 11, bold);
};

// Axes tell numbers as tables do: `axis: { formatType: 'duration' }`. Vega has a `time`
// of its own, which is one of the day.
for (const [name, format] of Object.entries({ duration, perSecond, byteRate, size, plain })) {
  vega.expressionFunction(name, (value) => format(value));
}

// Vega writes all the digits that a double has; a tenth of a pixel is what one sees.
const rounded = (svg) =>
  svg.replace(/ (d|transform|x|y|x1|x2|y1|y2)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d{2,}(?:e-?\d+)?/g, (text) =>
      String(Number(Number(text).toFixed(1))),
    ),
  );

// The whole is one image with one title: what is within an image has no part of its own to play.
const oneImage = (svg) => svg.replace(/ role="graphics-[^"]*"| aria-roledescription="[^"]*"/g, '');

/** Draws a specification. `about` is what it shows in a sentence, for who cannot see it. */
export async function draw(spec, about) {
  vega.resetSVGDefIds();
  const { spec: compiled } = compile({ config: CONFIG, ...spec });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return oneImage(rounded(svg))
    .replace('class="marks"', 'class="marks" role="img"')
    .replace(
      /(<svg[^>]*>)<rect /,
      `$1<title>${escaped(about)}</title><style>${darkRules()}</style><rect rx="8" `,
    );
}
