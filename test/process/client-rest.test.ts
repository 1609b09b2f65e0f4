// A client that waits for nothing rests: nothing that rang for an answer keeps its loop turning.

import { libuvPoll } from '@coroipc/adapter-libuv';
import { IpcClient, type PollAdapter, threadPoll } from '@coroipc/core';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from './machine.js';
import { COMMAND, SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS } from './wires.js';

const ADAPTERS = { libuv: libuvPoll, thread: threadPoll };

/** An adapter that counts how often it calls back. */
function counting(adapter: PollAdapter): { adapter: PollAdapter; calls(): number } {
  let calls = 0;
  const counted = {
    pollDispatchAdd: ((fd, ready) =>
      adapter.pollDispatchAdd(fd, (revents) => {
        calls += 1;
        return ready(revents);
      })) as PollAdapter['pollDispatchAdd'],
    pollJobAdd: ((job) =>
      adapter.pollJobAdd(() => {
        calls += 1;
        return job();
      })) as PollAdapter['pollJobAdd'],
  };
  return {
    adapter: new Proxy(adapter, {
      get: (target, name) =>
        name in counted ? counted[name as keyof typeof counted] : Reflect.get(target, name, target),
    }),
    calls: () => calls,
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it.each(
  EVERY_WIRE.flatMap((over) =>
    (['libuv', 'thread'] as const).map((adapter) => ({ over, adapter })),
  ),
)('a client rests after calls of every kind, over $over, $adapter', async ({ over, adapter }) => {
  const { name } = await startServer({ adapter });
  const { adapter: counted, calls } = counting(ADAPTERS[adapter]());
  const client = await IpcClient.connect({
    name,
    service: SERVICE,
    ...SPEAKS[over],
    adapter: counted,
  });
  onTestFinished(() => client.close());
  const rests = () =>
    eventually(async () => {
      const before = calls();
      await sleep(30);
      expect(calls()).toBe(before);
    });

  await Promise.all(Array.from({ length: 200 }, () => client.call(COMMAND.ECHO, 'x')));
  await rests();
  for (let left = 50; left > 0; left -= 1) {
    const call = client.call(COMMAND.ECHO, 'x');
    client.callSync(COMMAND.ECHO, 'y');
    await call;
  }
  await rests();
  const given = client.call(COMMAND.ECHO, 'x', { signal: AbortSignal.timeout(1) }).catch(() => 0);
  await given;
  await rests();
  client.on('dispatch', () => undefined);
  await client.call(COMMAND.ECHO, 'x');
  await rests();
});
