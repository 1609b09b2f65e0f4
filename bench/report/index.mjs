// A result of the bench for people who look: pictures, and a page with them and every number.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw } from './draw.mjs';
import { page } from './page.mjs';
import { PICTURES } from './pictures/index.mjs';

/** The pictures that a result has rows for: `{ name, svg }`, one after the other. */
export async function picturesOf(result) {
  const pictures = [];
  for (const [name, picture] of Object.entries(PICTURES)) {
    const drawn = picture(result);
    if (drawn === undefined) continue;
    pictures.push({ name, svg: await draw(drawn.spec, drawn.about) });
  }
  return pictures;
}

/**
 * Writes `report.html` and a picture each, `NAME.svg`, into `dir`, which is made if need be. What the
 * result has no rows for is not drawn. Resolves to the names of what was written.
 */
export async function writeReport(result, dir) {
  const pictures = await picturesOf(result);
  const files = [
    ...pictures.map(({ name, svg }) => [`${name}.svg`, `${svg}\n`]),
    ['report.html', page(result, pictures)],
  ];
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(dir, name), text);
  return files.map(([name]) => name);
}
