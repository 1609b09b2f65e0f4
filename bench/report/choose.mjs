// Which rows a picture is about, and the numbers that their variants tell.

const UNITS = { B: 1, bytes: 1, KiB: 1024, MiB: 2 ** 20, GiB: 2 ** 30 };

/** The bytes of a message: the row's own, or those that its variant names; null where neither is. */
export function payloadOf({ payload, variant }) {
  if (typeof payload === 'number') return payload;
  const [, count, unit] = /(\d+(?:\.\d+)?)\s*(B|bytes|KiB|MiB|GiB)\b/.exec(variant ?? '') ?? [];
  return count === undefined ? null : Number(count) * UNITS[unit];
}

/** The number that a variant names: `10,000/s`, `among 1000`; one for `alone`, null for none. */
export function countOf({ variant }) {
  if (variant === 'alone') return 1;
  const [text] = /\d[\d,_]*/.exec(variant ?? '') ?? [];
  return text === undefined ? null : Number(text.replace(/[,_]/g, ''));
}

/** How messages are sent or handed over: `usual`, where the variant does not say otherwise. */
export const formOf = ({ variant }) =>
  /batch|rxjs|zero-copy/i.exec(variant ?? '')?.[0].toLowerCase() ?? 'usual';

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** The rows of a case that have a positive `number`: a log scale has no place for others. */
export const rowsOf = (result, name, number) =>
  result.rows.filter((row) => row.case === name && isNumber(row[number]) && row[number] > 0);

/**
 * Of all rows with the same implementation and the same `key`, the one at the best placement: the
 * least `number`, or the most of it.
 */
export function atBestPlacement(rows, number, best, key = () => '') {
  const chosen = new Map();
  for (const row of rows) {
    const name = JSON.stringify([row.impl, key(row)]);
    const before = chosen.get(name);
    const better =
      best === 'most' ? row[number] > before?.[number] : row[number] < before?.[number];
    if (before === undefined || better) chosen.set(name, row);
  }
  return [...chosen.values()];
}

/** The different values of a list, in the order they first come in. */
export const different = (list) => [...new Set(list)];

/** Whether rows are of several places: over a single one, nothing has a course. */
export const haveCourse = (rows, placeOf) => different(rows.map(placeOf)).length > 1;

/** Of how many rounds rows tell: `medians of 11 rounds`, `one round`. */
export function roundsTold(rows) {
  const counts = rows.map(({ rounds }) => rounds).filter(isNumber);
  if (counts.length === 0) return 'rounds not told';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return 'one round';
  return `medians of ${least === most ? most : `${least} to ${most}`} rounds`;
}
