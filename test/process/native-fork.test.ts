// A process that is started while connections live gets nothing of them: no descriptor, no mapping. So
// killing either end is heard of though the third lives on.

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CS } from '@coroipc/core';
import { expect, it } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { clientOf, rejected } from './native-services.js';

const SERVICE = 3;

interface Argument {
  readonly name: string;
  readonly service: number;
}

// Each side starts a process that inherits what there is to inherit, and outlives it.
const serve: Task<Argument> = async ({ IpcServer, say }, { name, service }) => {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const server = new IpcServer({ name });
  server.service(service, {
    disconnect: () => say('disconnected'),
    requests: {
      1: ({ payload }) => payload,
      2: () => {},
      3: () => {
        const child: ChildProcess = spawn('sleep', ['60'], { stdio: 'inherit' });
        return String(child.pid);
      },
    },
  });
  await server.listen();
  say('ready');
};

const use: Task<Argument> = async ({ IpcClient, coroipcc, say, never }, { name, service }) => {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const client = await IpcClient.connect({ name, service });
  const handle = coroipcc.serviceConnect(name, service, 8192, 8192, 8192);
  coroipcc.fdGet(handle);
  client.callSync(1, 'x');
  say('child', spawn('sleep', ['60'], { stdio: 'inherit' }).pid);
  await never();
};

/** Descriptors beyond the standard ones that are sockets, memory or polls, and mappings of ours. */
function inherited(pid: number): string[] {
  const descriptors = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => Number(fd) > 2)
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return [
    ...descriptors.filter((what) => /socket:|memfd:|anon_inode:/.test(what)),
    ...maps.filter((line) => line.includes('memfd:coroipc')),
  ];
}

it('a started process has nothing of ours, and hides no end', async () => {
  const name = freshName();
  const server = Child.start(serve, { name, service: SERVICE });
  await server.said('ready');
  const client = await clientOf(name);
  const user = Child.start(use, { name, service: SERVICE });
  const pids = [(await user.said('child')) as number, Number(await client.call(3))];
  try {
    // Those that share the mappings at the fork have left them by the time they are another program.
    for (const pid of pids) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('sleep');
      expect(inherited(pid)).toEqual([]);
    }
    // A client's end is heard of, both connections of it, then the server's.
    user.kill();
    await server.said('disconnected', 2);
    const silent = rejected(client.call(2));
    server.kill();
    expect(await silent).toBe(CS.ERR_LIBRARY);
    for (const pid of pids) expect(() => process.kill(pid, 0)).not.toThrow();
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }
});
