// Takes the samples that the server publishes. It keeps what it saw last, since /proc counts from
// boot and people want rates.

import { openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  parseCores,
  parseInterfaces,
  parseMemory,
  parsePageBytes,
  parseProcess,
  TICKS_PER_SECOND,
} from './proc.mjs';

const TOP = 10;
// Processes read before the loop gets its turn: requests are not to wait for the whole list.
const PROCESSES_PER_TURN = 25;

/**
 * @typedef {import('./proc.mjs').Process} Process
 * @typedef {import('./protocol.mjs').Tick} Tick
 * @typedef {import('./protocol.mjs').Network} Network
 * @typedef {import('./protocol.mjs').Processes} Processes
 */

export class Sampler {
  // Open once: a read at offset 0 makes the kernel write the text anew.
  #stat = openSync('/proc/stat', 'r');
  #meminfo = openSync('/proc/meminfo', 'r');
  #text = Buffer.alloc(64 * 1024);
  #sequence = 0;
  #pageBytes = parsePageBytes(readFileSync('/proc/self/auxv'));
  /** @type {Map<string, { received: number, sent: number }>} */
  #interfaces = new Map();
  #interfacesAt = Number.NaN;
  /** @type {Map<string, number>} */
  #cpuTicks = new Map();
  #processesAt = Number.NaN;

  /** @returns {Tick} */
  tick() {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return {
      cores: parseCores(this.#read(this.#stat)),
      ...parseMemory(this.#read(this.#meminfo)),
      sequence: this.#sequence,
      atNs: process.hrtime.bigint(),
    };
  }

  /**
   * Rates since the call before; none at the first.
   * @returns {Network}
   */
  network() {
    const seconds = (performance.now() - this.#interfacesAt) / 1000;
    this.#interfacesAt = performance.now();
    const interfaces = parseInterfaces(readFileSync('/proc/net/dev', 'utf8')).map((now) => {
      const before = this.#interfaces.get(now.name);
      this.#interfaces.set(now.name, { received: now.receivedBytes, sent: now.sentBytes });
      return {
        name: now.name,
        receivedPerSecond: rate(before?.received, now.receivedBytes, seconds),
        sentPerSecond: rate(before?.sent, now.sentBytes, seconds),
      };
    });
    return { interfaces };
  }

  /**
   * The processes that used the most CPU since the call before.
   * @returns {Promise<Processes>}
   */
  async processes() {
    const seconds = (performance.now() - this.#processesAt) / 1000;
    this.#processesAt = performance.now();
    const before = this.#cpuTicks;
    this.#cpuTicks = new Map();
    const all = await readProcesses();
    const top = all
      .map((now) => {
        // A process id may be used again; the time of its start tells the two apart.
        const key = `${now.pid} ${now.startTicks}`;
        this.#cpuTicks.set(key, now.cpuTicks);
        const ticks = rate(before.get(key), now.cpuTicks, seconds);
        return {
          pid: now.pid,
          name: now.name,
          state: now.state,
          cpuPercent: (100 * ticks) / TICKS_PER_SECOND,
          rssBytes: now.rssPages * this.#pageBytes,
        };
      })
      .sort((a, b) => b.cpuPercent - a.cpuPercent || b.rssBytes - a.rssBytes)
      .slice(0, TOP);
    return { total: all.length, top };
  }

  /** @param {number} descriptor */
  #read(descriptor) {
    let length = 0;
    for (;;) {
      const room = this.#text.length - length;
      const read = readSync(descriptor, this.#text, length, room, length);
      length += read;
      if (read === 0) return this.#text.toString('latin1', 0, length);
      // A machine of many cores has long lines.
      if (length === this.#text.length) this.#text = Buffer.concat([this.#text], length * 2);
    }
  }
}

async function readProcesses() {
  /** @type {Process[]} */
  const found = [];
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  for (let begin = 0; begin < pids.length; begin += PROCESSES_PER_TURN) {
    for (const pid of pids.slice(begin, begin + PROCESSES_PER_TURN)) {
      try {
        found.push(parseProcess(readFileSync(`/proc/${pid}/stat`, 'utf8')));
      } catch {
        // It ended since the directory was read.
      }
    }
    await nextTurn();
  }
  return found;
}

/**
 * @param {number | undefined} before
 * @param {number} now
 * @param {number} seconds
 */
function rate(before, now, seconds) {
  // A counter of an interface begins anew when its driver does.
  return before === undefined || now < before ? 0 : (now - before) / seconds;
}
