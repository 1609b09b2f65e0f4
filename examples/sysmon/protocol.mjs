// What the server and its clients agree on: numbers, and how a message's payload looks.
//
// Two services, since a connection to a service that publishes gets everything it publishes: to
// connect to SAMPLES is to subscribe, and QUERIES answers requests and publishes nothing.
// The fast sample is binary, because it is made hundreds of times a second; the slow ones and the
// answers are JSON, because they hold names and are rare.

/** Whoever connects gets every sample. */
export const SAMPLES = 101;
/** Answers requests. */
export const QUERIES = 102;

/** The dispatch ids of SAMPLES, and how often each is published. */
export const TICK = 1;
export const NETWORK = 2;
export const PROCESSES = 3;
export const PERIOD_MS = { [TICK]: 2, [NETWORK]: 500, [PROCESSES]: 1000 };

/** The command ids of QUERIES. */
export const ECHO = 1;
/** The payload is a path; the answer is that file. See queries.mjs for the paths. */
export const FILE = 2;
/** The payload is a process id in decimal; the answer is JSON: a Process of proc.mjs. */
export const PROCESS = 3;

/**
 * The wire of a child's command line.
 * @param {string | undefined} text
 * @returns {import('@coroipc/core').Wire}
 */
export const wireOf = (text) => (text === 'classic' ? 'classic' : 'native');

/** The response buffer that clients of QUERIES ask for; what a file may have, beside a header. */
export const RESPONSE_BYTES = 256 * 1024;
export const FILE_BYTES = RESPONSE_BYTES - 64;

/**
 * @typedef {import('./proc.mjs').CoreTicks} CoreTicks
 * @typedef {import('./proc.mjs').Memory} Memory
 * @typedef {Memory & { sequence: number, atNs: bigint, cores: CoreTicks[] }} Tick
 *   `sequence` counts the ticks, so that a lost one shows; `atNs` is the monotonic clock, which is
 *   one and the same in every process of a machine.
 * @typedef {{ interfaces: { name: string, receivedPerSecond: number, sentPerSecond: number }[] }}
 *   Network
 * @typedef {{ pid: number, name: string, state: string, cpuPercent: number, rssBytes: number }}
 *   BusyProcess
 * @typedef {{ total: number, top: BusyProcess[] }} Processes
 */

const TICK_FIXED_BYTES = 32;
const CORE_BYTES = 16;

/**
 * u32 sequence, u32 number of cores, i64 time, f64 memory in total, f64 memory available, then
 * f64 busy and f64 total for each core.
 * @param {Tick} tick
 * @param {Buffer} [into] reused when it is of the right size
 * @returns {Buffer}
 */
export function encodeTick(tick, into) {
  const bytes = TICK_FIXED_BYTES + CORE_BYTES * tick.cores.length;
  const buffer = into?.length === bytes ? into : Buffer.alloc(bytes);
  buffer.writeUInt32LE(tick.sequence, 0);
  buffer.writeUInt32LE(tick.cores.length, 4);
  buffer.writeBigInt64LE(tick.atNs, 8);
  buffer.writeDoubleLE(tick.totalBytes, 16);
  buffer.writeDoubleLE(tick.availableBytes, 24);
  tick.cores.forEach(({ busy, total }, core) => {
    buffer.writeDoubleLE(busy, TICK_FIXED_BYTES + CORE_BYTES * core);
    buffer.writeDoubleLE(total, TICK_FIXED_BYTES + CORE_BYTES * core + 8);
  });
  return buffer;
}

/**
 * @param {Buffer} buffer
 * @returns {Tick}
 */
export function decodeTick(buffer) {
  const count = buffer.length < TICK_FIXED_BYTES ? -1 : buffer.readUInt32LE(4);
  if (buffer.length !== TICK_FIXED_BYTES + CORE_BYTES * count) {
    throw new Error(`a tick of ${count} cores does not have ${buffer.length} bytes`);
  }
  return {
    sequence: buffer.readUInt32LE(0),
    atNs: buffer.readBigInt64LE(8),
    totalBytes: buffer.readDoubleLE(16),
    availableBytes: buffer.readDoubleLE(24),
    cores: Array.from({ length: count }, (_, core) => ({
      busy: buffer.readDoubleLE(TICK_FIXED_BYTES + CORE_BYTES * core),
      total: buffer.readDoubleLE(TICK_FIXED_BYTES + CORE_BYTES * core + 8),
    })),
  };
}
