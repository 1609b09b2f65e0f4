// Memory for large messages: after the first of them it is not taken from the kernel anew for each, on
// either side. native/sys/large_memory.h has the reasons. What is measured is glibc's own malloc.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Child, type Task } from './child.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from './wires.js';

const MIB = 2 ** 20;
const CALLS = 600;
// Of 256 or so each time that the memory is new. What is garbage until it is collected is new once.
const FEW_FAULTS = 24;

// A sanitizer has a malloc of its own.
const MALLOC_IS_GLIBC = !process.env['LD_PRELOAD']?.includes('asan');

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly echo: number;
  readonly bytes: number;
  readonly calls: number;
  readonly speaks: Speaks;
}

const caller: Task<Argument> = async (tools, { name, service, echo, bytes, calls, speaks }) => {
  const { IpcClient, say, told } = tools;
  const room = { requestBytes: bytes * 2, responseBytes: bytes * 2 };
  const client = await IpcClient.connect({ name, service, ...room, ...speaks });
  const payload = Buffer.alloc(bytes, 1);
  const call = () => {
    for (let left = calls; left > 0; left--) {
      if (client.callSync(echo, payload).length !== bytes) throw new Error('bytes are missing');
    }
  };
  call();
  say('warm');
  await told();
  call();
  say('done');
  await told();
};

// The page faults of a process until now that needed no disk: the tenth field, after a name in brackets.
const faultsOf = (pid: number): number => {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  return Number(rest.split(' ')[7]);
};

describe.runIf(MALLOC_IS_GLIBC)('calls of a MiB', () => {
  it.each(EVERY_WIRE)('meet few new pages on either side, over %s', async (over) => {
    const { name, server } = await startServer();
    const echo = { name, service: SERVICE, echo: COMMAND.ECHO, speaks: SPEAKS[over] };
    const client = Child.start(caller, { ...echo, bytes: MIB, calls: CALLS });
    await client.said('warm');
    const sides = [client.pid, server.pid];
    const before = sides.map(faultsOf);
    client.tell('go on');
    await client.said('done');
    const perCall = sides.map((pid, side) => (faultsOf(pid) - (before[side] ?? 0)) / CALLS);
    for (const faults of perCall) expect(faults).toBeLessThan(FEW_FAULTS);
  });
});
