// Numbers with their units, as pictures and tables show them. Three digits count.

const trimmed = (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

function digits(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return trimmed(value.toPrecision(3).includes('e') ? String(value) : value.toPrecision(3));
}

// The largest unit that `value` has one of; the smallest for what is less than any. What would be
// rounded up to a thousand is one of the next.
function scaled(value, units) {
  const size = Math.abs(value);
  const [name, of] = units.find(([, each]) => size >= each * 0.9995) ?? units.at(-1);
  return `${digits(value / of)}${name}`;
}

const or = (format) => (value) =>
  value === null || value === undefined || !Number.isFinite(value) ? '–' : format(value);

const TIMES = Object.entries({ ' s': 1e9, ' ms': 1e6, ' µs': 1e3, ' ns': 1 });
const COUNTS = Object.entries({ ' G': 1e9, ' M': 1e6, ' k': 1e3, '': 1 });
const RATES = Object.entries({ ' GB/s': 1e9, ' MB/s': 1e6, ' kB/s': 1e3, ' B/s': 1 });
const SIZES = Object.entries({ ' GiB': 2 ** 30, ' MiB': 2 ** 20, ' KiB': 1024, ' B': 1 });

/** Nanoseconds: `2.5 µs`. */
export const duration = or((ns) => scaled(ns, TIMES));
/** How many a second: `1.25 M/s`. */
export const perSecond = or((count) => `${scaled(count, COUNTS)}/s`);
/** Bytes a second, by thousands as rates are told: `3.2 GB/s`. */
export const byteRate = or((bytes) => scaled(bytes, RATES));
/** Bytes, by powers of two as messages are made: `64 KiB`. */
export const size = or((bytes) => scaled(bytes, SIZES));
/** A plain number: `1,000`. */
export const plain = or((value) => digits(value));
