// How wide letters are, in parts of the font's size: by classes of letters of the usual sans-serifs,
// rather too wide than too narrow, for which letters a reader's machine has nobody knows.
const WIDTHS = [
  [/[ijl.,:;'|!]/, 0.29],
  [/[ frtI()/\-[\]]/, 0.36],
  [/[mwMW%]/, 0.84],
  [/[A-Z]/, 0.68],
];
const BOLD = 1.07;

/** About how many pixels `text` is wide. */
export function textWidth(text, fontSize, bold = false) {
  let width = 0;
  for (const letter of text) {
    width += WIDTHS.find(([letters]) => letters.test(letter))?.[1] ?? 0.56;
  }
  return width * fontSize * (bold ? BOLD : 1);
}
