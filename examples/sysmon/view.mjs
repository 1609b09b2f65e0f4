// What people see of the stream: the lines of the live table, and the one line a second where
// there is no terminal. Pure functions of what the subscriber knows.

/**
 * @typedef {import('./protocol.mjs').Tick} Tick
 * @typedef {{ calls: number, seconds: number, p50Us: number | null, p99Us: number | null }} Calls
 * @typedef {object} Known
 * @property {import('@coroipc/core').Wire} wire
 * @property {number} elapsedSeconds
 * @property {number} plannedSeconds
 * @property {Tick | undefined} tick the latest, and one of a moment before
 * @property {Tick | undefined} before
 * @property {import('./protocol.mjs').Network | undefined} network
 * @property {import('./protocol.mjs').Processes | undefined} processes
 * @property {{ count: number, perSecond: number, p50Us: number | null, p99Us: number | null }}
 *   dispatches
 * @property {Calls | undefined} calls
 */

const BAR = 24;
const CORES = 8;
const INTERFACES = 2;

/**
 * The table: at most 22 lines of at most 80 columns.
 * @param {Known} known
 * @returns {string[]}
 */
export function tableLines(known) {
  const { wire, elapsedSeconds, plannedSeconds, tick, processes } = known;
  const title = `coroipc sysmon, ${wire} wire`;
  const time = `${elapsedSeconds.toFixed(1)} of ${plannedSeconds} s`;
  const use = cpuUse(known);
  return [
    `${title}${time.padStart(80 - title.length)}`,
    '',
    ...(use === undefined ? ['cpu    measuring'] : cpuLines(use)),
    `mem    ${tick === undefined ? 'measuring' : memoryText(tick)}`,
    ...networkTexts(known).map((text) => `net    ${text}`),
    '',
    `dispatches ${flowText(known.dispatches.count, known.dispatches.perSecond, known.dispatches)}`,
    `calls      ${callsText(known.calls)}`,
    '',
    ...(processes === undefined ? [] : processLines(processes)),
  ];
}

/**
 * The same in one line.
 * @param {Known} known
 */
export function plainLine(known) {
  const { elapsedSeconds, tick, processes, dispatches, calls } = known;
  const use = cpuUse(known);
  const first = processes?.top[0];
  const parts = [
    `${elapsedSeconds.toFixed(1)} s`,
    use && `cpu ${percent(use.all).trim()} (${use.cores.map((core) => core.toFixed(0)).join(' ')})`,
    tick && `mem ${memoryText(tick)}`,
    ...networkTexts(known),
    first && `top ${first.name} (${first.pid}) ${percent(first.cpuPercent).trim()}`,
    `${dispatches.count} dispatches`,
    calls && `${calls.calls} calls, p50 ${micros(calls.p50Us)}`,
  ];
  return parts.filter((part) => part !== undefined).join(' | ');
}

/** @param {Known} known */
function cpuUse({ tick, before }) {
  if (tick === undefined || before === undefined) return undefined;
  const deltas = tick.cores.map((core, index) => ({
    busy: core.busy - (before.cores[index]?.busy ?? 0),
    total: core.total - (before.cores[index]?.total ?? 0),
  }));
  const sum = deltas.reduce((a, b) => ({ busy: a.busy + b.busy, total: a.total + b.total }));
  return sum.total <= 0 ? undefined : { all: share(sum), cores: deltas.map(share) };
}

/**
 * The kernel lets iowait go backwards, so that a share may lie a little outside.
 * @param {{ busy: number, total: number }} delta
 */
const share = ({ busy, total }) =>
  total <= 0 ? 0 : Math.min(100, Math.max(0, (100 * busy) / total));

/** @param {{ all: number, cores: number[] }} use */
function cpuLines({ all, cores }) {
  const bar = '#'.repeat(Math.round((BAR * all) / 100)).padEnd(BAR);
  const texts = cores.slice(0, CORES).map((core, index) => `core ${index} ${percent(core)}`);
  const more = cores.length > CORES ? `  and ${cores.length - CORES} more` : '';
  return [
    `cpu    ${percent(all)} [${bar}]`,
    `       ${texts.slice(0, 4).join('   ')}`,
    ...(texts.length > 4 ? [`       ${texts.slice(4).join('   ')}${more}`] : []),
  ];
}

/** @param {Tick} tick */
function memoryText({ totalBytes, availableBytes }) {
  const used = totalBytes - availableBytes;
  return `${bytes(used)} of ${bytes(totalBytes)} used (${percent((100 * used) / totalBytes).trim()})`;
}

/** @param {Known} known */
function networkTexts({ network }) {
  if (network === undefined) return [];
  /** @param {{ receivedPerSecond: number, sentPerSecond: number }} of */
  const traffic = (of) => of.receivedPerSecond + of.sentPerSecond;
  return [...network.interfaces]
    .sort((a, b) => traffic(b) - traffic(a))
    .slice(0, INTERFACES)
    .map(
      (of) => `${of.name} in ${bytes(of.receivedPerSecond)}/s, out ${bytes(of.sentPerSecond)}/s`,
    );
}

/** @param {Calls | undefined} calls */
function callsText(calls) {
  return calls === undefined
    ? 'none yet'
    : flowText(calls.calls, calls.calls / calls.seconds, calls);
}

/**
 * @param {number} count
 * @param {number} perSecond
 * @param {{ p50Us: number | null, p99Us: number | null }} latency
 */
function flowText(count, perSecond, { p50Us, p99Us }) {
  const rate = `${grouped(count).padStart(11)} ${grouped(perSecond).padStart(10)}/s`;
  return `${rate}    p50 ${micros(p50Us).padStart(10)}   p99 ${micros(p99Us).padStart(10)}`;
}

/** @param {import('./protocol.mjs').Processes} processes */
function processLines({ total, top }) {
  return [
    `    PID  S   CPU %        RSS  NAME   (${top.length} of ${total} processes)`,
    ...top.map(
      ({ pid, state, cpuPercent, rssBytes, name }) =>
        `${String(pid).padStart(7)}  ${state} ${cpuPercent.toFixed(1).padStart(7)} ${bytes(rssBytes).padStart(10)}  ${name}`,
    ),
  ];
}

/** @param {number} value */
export const grouped = (value) =>
  (Number.isFinite(value) ? Math.round(value) : 0).toLocaleString('en-US');

/** @param {number | null} us */
export const micros = (us) => (us === null ? '-' : `${us.toFixed(1)} us`);

/** @param {number} value */
const percent = (value) => `${value.toFixed(0)} %`.padStart(5);

/** @param {number} value */
function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
