// What the texts of /proc say. Pure functions, one for a kind of text; the fields are proc(5)'s.
// A text that is not of its kind throws an Error: nothing is guessed.

/**
 * @typedef {{ busy: number, total: number }} CoreTicks Clock ticks since boot.
 * @typedef {{ totalBytes: number, availableBytes: number }} Memory
 * @typedef {{ name: string, receivedBytes: number, sentBytes: number }} Interface
 * @typedef {{ pid: number, name: string, state: string, cpuTicks: number, threads: number,
 *   startTicks: number, rssPages: number }} Process
 */

/** USER_HZ, the unit of every tick in /proc: 100 on every Linux that Node runs on. */
export const TICKS_PER_SECOND = 100;

/**
 * /proc/stat: one entry a core, in the file's order.
 * @param {string} text
 * @returns {CoreTicks[]}
 */
export function parseCores(text) {
  /** @type {CoreTicks[]} */
  const cores = [];
  for (const line of linesOf(text)) {
    if (!line.startsWith('cpu')) break;
    if (line.startsWith('cpu ')) continue;
    // user nice system idle iowait irq softirq steal; guest time is part of user already.
    const ticks = line.split(' ').slice(1, 9).map(Number);
    const total = ticks.reduce((sum, value) => sum + value, 0);
    cores.push({ busy: total - number(ticks[3]) - number(ticks[4]), total });
  }
  if (cores.length === 0) throw new Error('/proc/stat names no core');
  return cores;
}

/**
 * /proc/meminfo.
 * @param {string} text
 * @returns {Memory}
 */
export function parseMemory(text) {
  /** @param {string} field */
  const bytes = (field) => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
    if (found === null) throw new Error(`/proc/meminfo has no ${field}`);
    return Number(found[1]) * 1024;
  };
  return { totalBytes: bytes('MemTotal'), availableBytes: bytes('MemAvailable') };
}

/**
 * /proc/net/dev: one entry an interface.
 * @param {string} text
 * @returns {Interface[]}
 */
export function parseInterfaces(text) {
  return linesOf(text)
    .slice(2)
    .map((line) => {
      // A name may hold colons (an alias); what follows the last one are numbers.
      const colon = line.lastIndexOf(':');
      const fields = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/);
      return {
        name: line.slice(0, colon).trim(),
        receivedBytes: number(fields[0]),
        sentBytes: number(fields[8]),
      };
    });
}

/**
 * /proc/<pid>/stat.
 * @param {string} text
 * @returns {Process}
 */
export function parseProcess(text) {
  // The name stands in parentheses and may hold any character, parentheses and spaces included.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) throw new Error('/proc/<pid>/stat has no name');
  const fields = text
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  return {
    pid: number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? '?',
    cpuTicks: number(fields[11]) + number(fields[12]),
    threads: number(fields[17]),
    startTicks: number(fields[19]),
    rssPages: number(fields[21]),
  };
}

/**
 * /proc/loadavg: the load of 1, 5 and 15 minutes.
 * @param {string} text
 * @returns {number[]}
 */
export function parseLoad(text) {
  return text.split(' ').slice(0, 3).map(number);
}

/**
 * /proc/self/auxv: the size of a memory page in bytes (AT_PAGESZ, getauxval(3)).
 * @param {Buffer} vector
 * @returns {number}
 */
export function parsePageBytes(vector) {
  const AT_PAGESZ = 6n;
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  throw new Error('/proc/self/auxv has no page size');
}

/** @param {string} text */
const linesOf = (text) => text.split('\n').filter((line) => line !== '');

/** @param {string | number | undefined} field */
function number(field) {
  const value = Number(field === '' ? undefined : field);
  if (Number.isNaN(value)) throw new Error(`a number is missing in /proc: got ${field}`);
  return value;
}
