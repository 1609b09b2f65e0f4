// A client without descriptors: for every number of them that is left, what it does either works or
// fails with the call that found none, and costs nothing that was there before.

import { describe, expect, it } from 'vitest';
import { Child, type Task } from '../process/child.js';
import { SERVICE, startServer } from '../process/services.js';
import { EVERY_WIRE, SPEAKS, type Speaks } from '../process/wires.js';
import type { Failed } from './scarcity.js';

const EMFILE = 24;
/** More than anything here opens. */
const MOST = 24;

interface Argument {
  readonly name: string;
  readonly service: number;
  readonly speaks: Speaks;
  readonly most: number;
}

interface Told {
  readonly failures: readonly Failed[];
  readonly worked: boolean;
  readonly descriptors: readonly [before: number, after: number];
}

// Tries everything with 0, 1, 2, … descriptors, until it works; then with all of them.
const attempt: Task<Argument> = async (tools, { name, service, speaks, most }) => {
  const { IpcClient, IpcServer, coroipcc, adapters, libuvPoll, epollPoll } = tools;
  const { leaveDescriptors, giveBack } = tools.scarce;
  const { readdirSync } = process.getBuiltinModule('node:fs');
  const options = { name, service, ...speaks };
  const client = await IpcClient.connect({ ...options, adapter: libuvPoll() });
  // On the classic wire the first call makes what answers are heard by.
  await client.call(1);
  const connect = (adapter: () => ReturnType<typeof libuvPoll>) => async () => {
    const one = await IpcClient.connect({ ...options, adapter: adapter() });
    try {
      await one.call(1, 'x');
    } finally {
      await one.close();
    }
  };
  // Connected with all descriptors, used without.
  const handleOf = () => coroipcc.serviceConnect(name, service, 4096, 4096, 4096, speaks);
  let handle = handleOf();
  const anew = () => {
    giveBack();
    coroipcc.serviceDisconnect(handle);
    handle = handleOf();
  };
  const listen = (at: string) => async () => {
    const server = new IpcServer({ name: at, adapter: libuvPoll() });
    await server.listen();
    await server.close();
  };
  const subjects: Record<string, () => unknown> = {
    'connect, libuv': connect(libuvPoll),
    'connect, thread': connect(adapters.thread),
    'connect, epoll': connect(epollPoll),
    serviceConnect: () => coroipcc.serviceDisconnect(handleOf()),
    fdGet: () => coroipcc.fdGet(handle),
    zcbAlloc: () => coroipcc.zcbFree(handle, coroipcc.zcbAlloc(handle, 100, 24)),
    listen: listen(`${name}-own`),
    'listen, path': listen(`/tmp/${name}.sock`),
  };
  if (speaks.wire === 'native') {
    subjects['createBuffer'] = async () => (await client.createBuffer(1000)).free();
  }
  const count = () => readdirSync('/proc/self/fd').length;
  const told: Record<string, Told> = {};
  for (const [what, run] of Object.entries(subjects)) {
    // What is made once and kept, by Node or by us, is there before.
    await run();
    anew();
    const before = count();
    const failures: Failed[] = [];
    let worked = false;
    for (let left = 0; left < most && !worked; left++) {
      anew();
      leaveDescriptors(left);
      // What is open goes on, whatever is left.
      await client.call(1, 'still here');
      client.callSync(1, 'still here');
      try {
        await run();
        worked = true;
      } catch (error) {
        const { errno, syscall, message } = error as NodeJS.ErrnoException;
        failures.push({ errno, syscall, message });
      }
    }
    giveBack();
    await run();
    anew();
    told[what] = { failures, worked, descriptors: [before, count()] };
  }
  coroipcc.serviceDisconnect(handle);
  await client.close();
  return told;
};

describe('a process whose k-th descriptor is refused says which call it was', () => {
  it.each(EVERY_WIRE)('%s', async (over) => {
    const { name } = await startServer();
    const argument = { name, service: SERVICE, speaks: SPEAKS[over], most: MOST };
    const child = Child.start(attempt, argument);
    expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
    const told = (await child.said('returned')) as Record<string, Told>;
    expect(Object.keys(told).length).toBe(over === 'native' ? 9 : 8);
    for (const [what, { failures, worked, descriptors }] of Object.entries(told)) {
      expect(failures.length, what).toBeGreaterThan(0);
      for (const failure of failures) {
        const wanted = { errno: EMFILE, syscall: expect.stringMatching(/^\w+$/) };
        expect({ what, ...failure }).toMatchObject(wanted);
      }
      expect({ what, worked }).toEqual({ what, worked: true });
      expect({ what, left: descriptors[1] }).toEqual({ what, left: descriptors[0] });
    }
  });
});
