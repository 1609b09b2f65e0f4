// The descriptor of fdGet on the native wire is level-triggered: readable while a dispatch message waits
// or the server is gone, whatever was called in between; and not, once a look has found nothing.

import { closeSync, openSync, readdirSync } from 'node:fs';
import { EpollLoop } from '@coroipc/adapter-epoll';
import { CS, coroipcc, encodeRequest, POLLIN, poll } from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GENEROUS_MS } from './child.js';
import { COMMAND, SERVICE, startHolder, thrown, words } from './native-services.js';

type Handle = ReturnType<typeof coroipcc.serviceConnect>;

function connected(name: string): Handle {
  const handle = coroipcc.serviceConnect(name, SERVICE, 65_536, 65_536, 65_536);
  onTestFinished(() => {
    if (!handle.closed) coroipcc.serviceDisconnect(handle);
  });
  return handle;
}

const burst = (handle: Handle, count: number): Buffer =>
  coroipcc.msgSendReplyReceive(handle, encodeRequest(COMMAND.BURST, words(count, 40)));
const echo = (handle: Handle): Buffer =>
  coroipcc.msgSendReplyReceive(handle, encodeRequest(COMMAND.ECHO, 'x'));
/** Whether it is readable within so many milliseconds. */
const readable = (fd: number, timeoutMs = 0): boolean =>
  poll([{ fd, events: POLLIN }], timeoutMs)[0] === POLLIN;

function next(handle: Handle, timeoutMs = GENEROUS_MS): number | undefined {
  const message = coroipcc.dispatchRecv(handle, timeoutMs);
  return message?.readUInt32LE(24);
}

// A message may be read before its doorbell is heard: one look in vain takes that.
function expectNothing(handle: Handle): void {
  expect(next(handle, 0)).toBeUndefined();
  expect(readable(coroipcc.fdGet(handle))).toBe(false);
}

describe('by poll', () => {
  it('it is readable while messages wait, whatever is called in between', async () => {
    const { name } = await startHolder();
    const handle = connected(name);
    const fd = coroipcc.fdGet(handle);
    expect(coroipcc.fdGet(handle)).toBe(fd);
    expect(readable(fd, 20)).toBe(false);
    for (let round = 0; round < 50; round++) {
      burst(handle, 3);
      expect(readable(fd)).toBe(true);
      for (let number = 0; number < 3; number++) {
        for (let call = 0; call <= round % 3; call++) echo(handle);
        expect(readable(fd)).toBe(true);
        expect(next(handle, 0)).toBe(number);
      }
      expectNothing(handle);
      echo(handle);
      expectNothing(handle);
    }
  });

  it('a message that is lent waits no more once it is put', async () => {
    const { name } = await startHolder();
    const handle = connected(name);
    const fd = coroipcc.fdGet(handle);
    burst(handle, 1);
    expect(coroipcc.dispatchGet(handle, 0)?.readUInt32LE(24)).toBe(0);
    coroipcc.dispatchPut(handle);
    expectNothing(handle);
    expect(readable(fd, 20)).toBe(false);
  });

  it('messages that come while the caller polls, computes or waits for an answer', async () => {
    const { name, server, release } = await startHolder();
    const handle = connected(name);
    const fd = coroipcc.fdGet(handle);
    for (let round = 0; round < 20; round++) {
      // The message is sent when this side is in poll, or on its way there.
      const late = encodeRequest(COMMAND.DELAYED_BURST, words(1, 40, round % 5));
      coroipcc.msgSendReplyReceive(handle, late);
      if (round % 2 === 1) echo(handle);
      expect(readable(fd, GENEROUS_MS)).toBe(true);
      echo(handle);
      expect(readable(fd)).toBe(true);
      expect(next(handle, 0)).toBe(0);
      expectNothing(handle);
    }
    // A call that is given up, and the doorbell for its late answer.
    const given = encodeRequest(COMMAND.HOLD, words(1));
    const hold = () => coroipcc.msgSendReplyReceive(handle, given, undefined, { timeoutMs: 20 });
    expect(thrown(hold)).toBe(CS.ERR_TIMEOUT);
    release(1);
    await server.said('released');
    burst(handle, 1);
    expect(readable(fd)).toBe(true);
    expect(next(handle, 0)).toBe(0);
    expectNothing(handle);
  });

  it('a server that is killed: readable, what is left comes, then LIBRARY', async () => {
    const { name, server } = await startHolder();
    const handle = connected(name);
    const fd = coroipcc.fdGet(handle);
    burst(handle, 5);
    expect(next(handle)).toBe(0);
    server.kill();
    await server.ended();
    for (let number = 1; number < 5; number++) {
      expect(readable(fd)).toBe(true);
      expect(next(handle)).toBe(number);
    }
    for (let again = 0; again < 3; again++) {
      expect(readable(fd)).toBe(true);
      expect(thrown(() => coroipcc.dispatchGet(handle))).toBe(CS.ERR_LIBRARY);
      expect(thrown(() => echo(handle))).toBe(CS.ERR_LIBRARY);
    }
    coroipcc.serviceDisconnect(handle);
  });

  it('a server that is killed while nothing waits', async () => {
    const { name, server } = await startHolder();
    const handle = connected(name);
    const fd = coroipcc.fdGet(handle);
    expect(readable(fd)).toBe(false);
    server.kill();
    expect(readable(fd, GENEROUS_MS)).toBe(true);
    expect(thrown(() => coroipcc.dispatchGet(handle))).toBe(CS.ERR_LIBRARY);
    expect(readable(fd)).toBe(true);
  });
});

describe('in an EpollLoop', () => {
  it('it reports every message, taken one at a time, and the end', async () => {
    const { name, server } = await startHolder();
    const handle = connected(name);
    const loop = new EpollLoop();
    onTestFinished(() => loop.close());
    const seen: (number | undefined)[] = [];
    let asked = 0;
    const watch = loop.add(coroipcc.fdGet(handle), POLLIN, () => {
      asked++;
      // A call in between must not take the readiness of the rest away.
      if (seen.length < 300) echo(handle);
      const number = next(handle, 0);
      if (number !== undefined) seen.push(number);
    });
    burst(handle, 300);
    while (seen.length < 300) loop.runOnce(GENEROUS_MS);
    expect(seen).toEqual(Array.from({ length: 300 }, (_, number) => number));
    // Nothing is there: it is not asked in vain for ever.
    expectNothing(handle);
    const before = asked;
    for (let turn = 0; turn < 20; turn++) loop.runOnce(0);
    expect(asked).toBe(before);
    watch.destroy();
    let over = 0;
    const last = loop.add(coroipcc.fdGet(handle), POLLIN, () => {
      over++;
      expect(thrown(() => coroipcc.dispatchGet(handle))).toBe(CS.ERR_LIBRARY);
    });
    server.kill();
    while (over < 3) loop.runOnce(GENEROUS_MS);
    last.destroy();
  });
});

describe('a user who closes it', () => {
  it('breaks nothing, and no file that has its number by now is closed', async () => {
    const { name } = await startHolder();
    const handle = connected(name);
    const before = readdirSync('/proc/self/fd').length;
    const fd = coroipcc.fdGet(handle);
    closeSync(fd);
    expect(echo(handle).subarray(24).toString()).toBe('x');
    burst(handle, 2);
    expect([next(handle), next(handle)]).toEqual([0, 1]);
    const file = openSync('/dev/null', 'r');
    expect(file).toBe(fd);
    coroipcc.serviceDisconnect(handle);
    // Still ours: closing it does not fail.
    closeSync(file);
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before);
    expect(thrown(() => coroipcc.fdGet(handle))).toBe(CS.ERR_BAD_HANDLE);
  });
});
