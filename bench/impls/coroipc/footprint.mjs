// What a process takes of the machine.
import { readFileSync } from 'node:fs';

/** Bytes of a field of /proc/PID/smaps_rollup or /proc/PID/status, proc(5). */
export function bytesOf(text, field) {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
  if (found === null) throw new Error(`there is no ${field} in ${JSON.stringify(text)}`);
  return Number(found[1]) * 1024;
}

/** The CPU time that this process has used, all its threads together, in microseconds. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Threads and memory of this process, once its garbage was collected. Memory that is shared with a
 * peer is no anonymous memory; heaps and stacks are.
 */
export function footprint() {
  globalThis.gc();
  const memory = readFileSync('/proc/self/smaps_rollup', 'utf8');
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)[1]),
    rssBytes: bytesOf(memory, 'Rss'),
    anonymousBytes: bytesOf(memory, 'Anonymous'),
    jsHeapBytes: process.memoryUsage().heapUsed,
  };
}
