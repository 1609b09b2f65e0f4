import { readFileSync } from 'node:fs';
import { CS } from '@coroipc/core';
import { describe, expect, it } from 'vitest';
import { FILE_BYTES } from './protocol.mjs';
import { processState, readNamedFile } from './queries.mjs';

// No process has it: pid_max is at most 2^22.
const NOBODY = 4_194_305;

function statusOf(query) {
  try {
    query();
  } catch (error) {
    return error.status;
  }
  return CS.OK;
}

describe('readNamedFile', () => {
  it('gives a file of the machine and of a process', () => {
    expect(readNamedFile('/proc/version', FILE_BYTES).toString()).toBe(
      readFileSync('/proc/version', 'utf8'),
    );
    expect(readNamedFile(`/proc/${process.pid}/comm`, FILE_BYTES).toString()).toBe(
      readFileSync('/proc/self/comm', 'utf8'),
    );
  });

  it.each([
    '',
    '/etc/passwd',
    '/proc',
    '/proc/',
    '/proc/../etc/passwd',
    '/proc/loadavg/../../etc/passwd',
    '/proc/./loadavg',
    '/proc//loadavg',
    '/proc/loadavg\n',
    '/proc/loadavg\0',
    'proc/loadavg',
    '/proc/kmsg',
    '/proc/kcore',
    '/proc/self/stat',
    '/proc/1/environ',
    '/proc/1/root/etc/passwd',
    '/proc/1/cwd/stat',
    '/proc/1/fd/0',
    '/proc/1/task/../root/etc/passwd',
  ])('refuses %j', (path) => {
    expect(statusOf(() => readNamedFile(path, FILE_BYTES))).toBe(CS.ERR_ACCESS);
  });

  it('says that there is no such file', () => {
    expect(statusOf(() => readNamedFile(`/proc/${NOBODY}/stat`, FILE_BYTES))).toBe(
      CS.ERR_NOT_EXIST,
    );
  });

  it('keeps to the limit', () => {
    const { length } = readFileSync('/proc/version');
    expect(readNamedFile('/proc/version', length)).toHaveLength(length);
    expect(statusOf(() => readNamedFile('/proc/version', length - 1))).toBe(CS.ERR_TOO_BIG);
  });
});

describe('processState', () => {
  it('gives this process', () => {
    expect(JSON.parse(processState(String(process.pid)))).toMatchObject({
      pid: process.pid,
      state: 'R',
    });
  });

  it.each(['', '0', '-1', '01', '1 ', '1.5', 'self', '1/root', '12345678901'])(
    'refuses %j',
    (pid) => {
      expect(statusOf(() => processState(pid))).toBe(CS.ERR_INVALID_PARAM);
    },
  );

  it('says that there is no such process', () => {
    expect(statusOf(() => processState(String(NOBODY)))).toBe(CS.ERR_NOT_EXIST);
  });
});
