// The answers of the server. A request comes from another process, so nothing in it is believed:
// a path has to be one of a short list, all of them plain files of procfs and none of them a link,
// which keeps everything else out of reach, /proc/<pid>/root, environ and kmsg among it.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { CoroIpcError, CS } from '@coroipc/core';
import { parseProcess } from './proc.mjs';

const OF_THE_MACHINE = /^\/proc\/(?:cpuinfo|diskstats|loadavg|meminfo|stat|uptime|version|vmstat)$/;
const OF_A_PROCESS = /^\/proc\/\d{1,10}\/(?:comm|limits|stat|statm|status|net\/dev)$/;

const CHUNK_BYTES = 4096;

/**
 * A named file of /proc.
 * @param {string} path
 * @param {number} limitBytes
 * @returns {Buffer}
 * @throws {CoroIpcError} ACCESS: not one of the list; NOT_EXIST: no such file; TOO_BIG
 */
export function readNamedFile(path, limitBytes) {
  if (!OF_THE_MACHINE.test(path) && !OF_A_PROCESS.test(path)) {
    throw new CoroIpcError(CS.ERR_ACCESS, `${JSON.stringify(path)} is not a file to be asked for`);
  }
  return existing(path, () => readBounded(path, limitBytes));
}

/**
 * A process's state, as JSON.
 * @param {string} pid
 * @returns {string}
 * @throws {CoroIpcError} INVALID_PARAM: not a process id; NOT_EXIST: no such process
 */
export function processState(pid) {
  if (!/^[1-9]\d{0,9}$/.test(pid)) {
    throw new CoroIpcError(CS.ERR_INVALID_PARAM, `${JSON.stringify(pid)} is not a process id`);
  }
  const path = `/proc/${pid}/stat`;
  return existing(path, () => JSON.stringify(parseProcess(readFileSync(path, 'utf8'))));
}

// The size of a file of procfs is known when it has been read, not before.
/**
 * @param {string} path
 * @param {number} limitBytes
 */
function readBounded(path, limitBytes) {
  const file = openSync(path, 'r');
  try {
    /** @type {Buffer[]} */
    const chunks = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const read = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (read === 0) return Buffer.concat(chunks, length);
      chunks.push(chunk.subarray(0, read));
      length += read;
      if (length > limitBytes) {
        throw new CoroIpcError(CS.ERR_TOO_BIG, `${path} has more than ${limitBytes} bytes`);
      }
    }
  } finally {
    closeSync(file);
  }
}

/**
 * @template Result
 * @param {string} path
 * @param {() => Result} read
 */
function existing(path, read) {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // ESRCH: the process ended between the opening and the reading.
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    throw new CoroIpcError(CS.ERR_NOT_EXIST, `there is no ${path}`, { cause: error });
  }
}
