// IpcServer and IpcClient, in two processes.

import assert from 'node:assert/strict';
import { CoroIpcError, CS, IpcClient } from '@coroipc/core';
import { until } from './child.mjs';
import { burst, COMMAND, startServer, WIRES } from './server.mjs';

const code = (wanted) => (error) => CoroIpcError.is(error) && error.code === wanted;

// A client of a server of its own, for one test, over each wire.
const withClient = (test, options) => async () => {
  for (const wire of WIRES) await overWire(wire, test, options);
};

async function overWire(wire, test, options) {
  const { name, service, server } = await startServer();
  const client = await IpcClient.connect({ name, service, wire, ...options });
  await test(client, server);
  await client.close();
  server.tell();
  await server.endsWith(0);
}

const MIB = 1024 * 1024;
const big = { requestBytes: 9 * MIB, responseBytes: 9 * MIB, dispatchBytes: 9 * MIB };

const collected = async (iterator, count) => {
  const messages = [];
  for await (const message of iterator) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
};

const inOrder = (messages, bytes) => {
  for (const [index, { id, payload }] of messages.entries()) {
    assert.equal(id, index & 0xffff);
    assert.equal(payload.length, bytes);
    assert.equal(payload.readUInt32LE(0), index);
    assert.equal(payload.at(-1), index & 0xff);
  }
};

export const people = {
  'callSync and call get their answers': withClient(async (client, server) => {
    assert.equal(client.callSync(COMMAND.ECHO, 'sync').toString(), 'sync');
    assert.equal((await client.call(COMMAND.ECHO, 'async')).toString(), 'async');
    assert.equal((await client.call(COMMAND.LATER, 'later')).toString(), 'later');
    assert.equal(client.callSync(COMMAND.LATER, 'later').toString(), 'later');
    assert.equal(client.callSync(COMMAND.ECHO).length, 0);
    assert.equal(client.serverPid, server.pid);
  }),

  'ten thousand calls in a row, and hundreds at once, get their own answers': withClient(
    async (client) => {
      for (let call = 0; call < 10_000; call++) {
        assert.equal(client.callSync(COMMAND.ECHO, String(call)).toString(), String(call));
      }
      const calls = Array.from({ length: 300 }, (_, call) =>
        client.call(call % 2 === 0 ? COMMAND.ECHO : COMMAND.LATER, String(call)),
      );
      for (const [call, answer] of (await Promise.all(calls)).entries()) {
        assert.equal(answer.toString(), String(call));
      }
    },
  ),

  'payloads of megabytes arrive as they were sent': withClient(async (client) => {
    const payload = Buffer.alloc(8 * MIB, 'a large payload ');
    assert.ok(client.callSync(COMMAND.ECHO, payload).equals(payload));
    assert.ok((await client.call(COMMAND.LATER, payload)).equals(payload));
    const view = new Uint8Array(payload.buffer, payload.byteOffset + 3, 5 * MIB + 1);
    assert.ok(client.callSync(COMMAND.ECHO, view).equals(view));
  }, big),

  'a request beyond its buffer, and an answer with a status, are errors': withClient(
    async (client, server) => {
      const status = Buffer.alloc(4);
      status.writeUInt32LE(CS.ERR_ACCESS);
      assert.throws(() => client.callSync(COMMAND.STATUS, status), code('ERR_COROIPC_ACCESS'));
      await assert.rejects(client.call(COMMAND.STATUS, status), code('ERR_COROIPC_ACCESS'));
      await assert.rejects(client.call(COMMAND.THROW), code('ERR_COROIPC_LIBRARY'));
      assert.equal(await server.said('requestError'), 'thrown by a handler');
      const tooBig = Buffer.alloc(2 * MIB);
      assert.throws(() => client.callSync(COMMAND.ECHO, tooBig), CoroIpcError);
      assert.equal(client.callSync(COMMAND.ECHO, 'on').toString(), 'on');
    },
  ),

  'callSync is given up when its time is over': withClient(async (client) => {
    const give = () => client.callSync(COMMAND.SILENCE, '', { timeoutMs: 20 });
    assert.throws(give, code('ERR_COROIPC_TIMEOUT'));
  }),

  'call is given up when its time is over': withClient(async (client) => {
    const call = client.call(COMMAND.SILENCE, '', { timeoutMs: 20 });
    await assert.rejects(call, code('ERR_COROIPC_TIMEOUT'));
  }),

  'a signal gives a call up with its reason': withClient(async (client, server) => {
    const end = new AbortController();
    const call = client.call(COMMAND.SILENCE, '', { signal: end.signal });
    await server.said('silent');
    end.abort(new Error('changed my mind'));
    await assert.rejects(call, /changed my mind/);
  }),

  'dispatch messages come in order, by event': withClient(async (client) => {
    const messages = [];
    client.on('dispatch', (message) => messages.push(message));
    await client.call(COMMAND.BURST, burst(20_000, 60));
    await until('all messages', () => messages.length === 20_000);
    inOrder(messages, 60);
  }),

  'dispatch messages come in order, by iterator': withClient(async (client) => {
    const all = collected(client.dispatches(), 20_000);
    const [messages] = await Promise.all([all, client.call(COMMAND.BURST, burst(20_000, 60))]);
    inOrder(messages, 60);
  }),

  'dispatch messages of megabytes come in order': withClient(async (client) => {
    const all = collected(client.dispatches(), 6);
    const [messages] = await Promise.all([all, client.call(COMMAND.BURST, burst(6, 2 * MIB))]);
    inOrder(messages, 2 * MIB);
  }, big),

  'a slow client is told of flow control, and its server of the drain': withClient(
    async (client, server) => {
      const told = [];
      client.on('flowControl', (on) => told.push(on));
      await client.call(COMMAND.BURST, burst(3000, 1000));
      assert.ok((await server.said('queued')) > 0, 'nothing was queued');
      const messages = [];
      client.on('dispatch', (message) => messages.push(message));
      await until('all messages', () => messages.length === 3000);
      inOrder(messages, 1000);
      await server.said('drain');
      await until('flow control is off', () => told.at(-1) === false);
      assert.deepEqual(told.slice(0, 2), [true, false]);
    },
    { dispatchBytes: 65536 },
  ),

  'wrong arguments are TypeErrors and RangeErrors that name them': withClient(async (client) => {
    assert.throws(() => client.callSync('1', 'x'), { name: 'TypeError', message: /^id / });
    assert.throws(() => client.callSync(65536, 'x'), {
      name: 'RangeError',
      message: /^id .*65536/,
    });
    assert.throws(() => client.callSync(1, 17), { name: 'TypeError', message: /^payload / });
    assert.throws(() => client.callSync(1, '', { timeoutMs: 'x' }), /timeoutMs/);
    assert.throws(() => client.dispatches({ highWaterMark: 0 }), RangeError);
  }),

  'nobody there, no such service: an error that says so': async () => {
    const { name, service } = await startServer();
    await assert.rejects(
      IpcClient.connect({ name: `${name}-nobody`, service }),
      code('ERR_COROIPC_TRY_AGAIN'),
    );
    await assert.rejects(
      IpcClient.connect({ name, service: service + 1 }),
      code('ERR_COROIPC_NOT_EXIST'),
    );
  },
};
