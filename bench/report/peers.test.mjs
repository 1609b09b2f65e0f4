import { describe, expect, it } from 'vitest';
import { peerColours, peerOf } from './peers.mjs';
import { darkRules, PAPER } from './theme.mjs';

/** The luminance of a colour and the contrast of two, as WCAG 2 defines them. */
function luminanceOf(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrastOf(...colours) {
  const [dark, light] = colours.map(luminanceOf).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('the colours of implementations', () => {
  const [, darkPaper] = new RegExp(`fill="${PAPER}"\\]\\{fill:(#\\w+)\\}`).exec(darkRules());

  it.each(peerColours())('%s on white and %s on black can be seen', (light, dark) => {
    expect(contrastOf(light, PAPER)).toBeGreaterThan(3);
    expect(contrastOf(dark, darkPaper)).toBeGreaterThan(3);
  });

  it('are of one implementation each', () => {
    for (const colours of [0, 1].map((which) => peerColours().map((pair) => pair[which]))) {
      expect(new Set(colours).size).toBe(colours.length);
    }
  });
});

it('only the wires of this library are ours', () => {
  const names = ['native', 'classic', 'libqbShm', 'zeromq', 'spin', 'brandNew'];
  expect(names.filter((name) => peerOf(name).ours)).toEqual(['native', 'classic']);
});
