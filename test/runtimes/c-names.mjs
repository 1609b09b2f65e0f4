// Every function of coroipcs and coroipcc, by a server and a client in two processes.

import assert from 'node:assert/strict';
import {
  CoroIpcError,
  CS,
  coroipcc,
  coroipcs,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  POLLIN,
  poll,
} from '@coroipc/core';
import { Child, freshName, until } from './child.mjs';
import { WIRES } from './server.mjs';

const ECHO = 1;
const DISPATCH = 2;
const COUNT = 3;
const NEVER_ALLOWED = 4;
const SERVICE = 9;
const KIB64 = 65536;

// Uses every member of the state but the poll functions, and every function.
async function serve({ name }, { say, told }) {
  const counted = new Map();
  const seen = new Set();
  const saw = (what) => void seen.add(what);
  const count = (_handle, stat) => counted.set(stat, (counted.get(stat) ?? 0) + 1);
  const handlers = {
    [ECHO]: (conn, message) => {
      coroipcs.responseIovSend(conn, [
        encodeResponse(ECHO, CS.OK, message.subarray(16, 20)).fill(0, 24, 24),
      ]);
    },
    [DISPATCH]: (conn, message) => {
      for (let number = message.readUInt32LE(16); number > 0; number--) {
        const body = Buffer.alloc(100, number & 0xff);
        const sent = encodeResponse(number, CS.OK, body);
        if (number % 2 === 0) coroipcs.dispatchSend(conn, sent);
        else coroipcs.dispatchIovSend(conn, [sent.subarray(0, 24), sent.subarray(24)]);
      }
      coroipcs.responseSend(conn, encodeResponse(DISPATCH, CS.OK));
    },
    [COUNT]: (conn) => {
      coroipcs.refcountInc(conn);
      const data = coroipcs.privateDataGet(conn);
      data.writeUInt32LE(data.readUInt32LE(0) + 1, 0);
      coroipcs.privateDataSet(conn, data);
      coroipcs.responseSend(conn, encodeResponse(COUNT, CS.OK, data));
      coroipcs.refcountDec(conn);
    },
    [NEVER_ALLOWED]: () => saw('what is not allowed'),
  };
  const server = coroipcs.ipcInit({
    socketName: name,
    wires: WIRES,
    serviceAvailable: (service) => service === SERVICE,
    privateDataSizeGet: () => 4,
    securityValid: () => true,
    serializeLock: () => saw('serializeLock'),
    serializeUnlock: () => saw('serializeUnlock'),
    sendingAllowed: (_service, id) => (id === NEVER_ALLOWED ? 0 : 1),
    sendingAllowedRelease: () => saw('sendingAllowedRelease'),
    initFnGet: () => () => {
      saw('init');
      return 0;
    },
    exitFnGet: () => () => {
      say('exit');
      return 0;
    },
    handlerFnGet: (_service, id) => handlers[id],
    statsCreateConnection: (connection) => connection,
    statsDestroyConnection: () => saw('statsDestroyConnection'),
    statsUpdateValue: () => saw('statsUpdateValue'),
    statsIncrementValue: count,
    statsDecrementValue: count,
    logPrintf: () => {},
  });
  say('ready');
  await told();
  say('saw', [...seen].sort());
  say('requests', counted.get('requests'));
  await until('the end', () => coroipcs.ipcExit(server) === 0);
}

// Hosts the polls itself, over poll(2): no adapter has a part in it.
async function serveByHand({ name }, { say, told }) {
  const watched = new Map();
  const server = coroipcs.ipcInit({
    socketName: name,
    wires: WIRES,
    handlerFnGet: () => (conn, message) =>
      coroipcs.responseSend(conn, encodeResponse(1, CS.OK, message.subarray(16))),
    pollAcceptAdd: (fd) => watched.set(fd, { events: POLLIN, serve: coroipcs.handlerAccept }),
    pollDispatchAdd: (fd, context) =>
      watched.set(fd, { events: POLLIN, serve: coroipcs.handlerDispatch, context }),
    pollDispatchModify: (fd, events) => {
      watched.get(fd).events = events;
    },
    pollDispatchDestroy: (fd) => watched.delete(fd),
  });
  let over = false;
  told().then(() => {
    over = true;
  });
  say('ready');
  while (!over) {
    const asked = [...watched].map(([fd, { events }]) => ({ fd, events }));
    for (const [index, revents] of poll(asked, 2).entries()) {
      const { fd } = asked[index];
      const watch = watched.get(fd);
      if (revents === 0 || watch === undefined) continue;
      if (watch.serve(fd, revents, watch.context) === -1) watched.delete(fd);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  await until('the end', () => coroipcs.ipcExit(server) === 0);
}

export const tasks = { serve, serveByHand };

const withHandle =
  (test, task = 'serve') =>
  async () => {
    for (const wire of WIRES) await overWire(wire, test, task);
  };

async function overWire(wire, test, task) {
  const name = freshName();
  const server = Child.start(import.meta.url, task, { name });
  await server.said('ready');
  const handle = coroipcc.serviceConnect(name, SERVICE, KIB64, KIB64, KIB64, { wire });
  const views = (await test(handle, server)) ?? [];
  coroipcc.serviceDisconnect(handle);
  // Threads of the runtime's may be at work there.
  for (const view of views) assert.ok(view.fill(1).length > 0, 'a view was gone');
  if (task === 'serve') await server.said('exit');
  server.tell();
  await server.endsWith(0);
}

const ask = (id, value) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(value);
  return encodeRequest(id, payload);
};

const code = (wanted) => (error) => CoroIpcError.is(error) && error.code === wanted;

export const cNames = {
  'requests are answered, copied and in the buffer': withHandle((handle) => {
    const answer = coroipcc.msgSendReplyReceive(handle, [ask(ECHO, 0x12345678)]);
    assert.equal(decodeResponse(answer).error, CS.OK);
    assert.equal(answer.readUInt32LE(24), 0x12345678);
    const lent = coroipcc.msgSendReplyReceiveInBufGet(handle, ask(ECHO, 0x87654321));
    assert.equal(lent.readUInt32LE(24), 0x87654321);
    assert.throws(
      () => coroipcc.msgSendReplyReceive(handle, ask(ECHO, 1)),
      code('ERR_COROIPC_BUSY'),
    );
    coroipcc.msgSendReplyReceiveInBufPut(handle);
    return [lent];
  }),

  'zero-copy buffers carry requests, and are zeros when freed': withHandle((handle) => {
    const kept = coroipcc.zcbAlloc(handle, 1000, 16);
    for (let round = 0; round < 20; round++) {
      const buffer = coroipcc.zcbAlloc(handle, 100_000, 16);
      buffer.set(ask(ECHO, round));
      const answer = coroipcc.zcbMsgSendReplyReceive(handle, buffer);
      assert.equal(answer.readUInt32LE(24), round);
      coroipcc.zcbFree(handle, buffer);
      assert.ok(buffer.length >= 100_000 && buffer.every((byte) => byte === 0));
    }
    assert.ok(kept.length >= 1000);
    return [kept];
  }),

  'dispatch messages are got, put and received': withHandle((handle) => {
    coroipcc.msgSendReplyReceive(handle, ask(DISPATCH, 2000));
    assert.ok(poll([{ fd: coroipcc.fdGet(handle), events: POLLIN }], 5000)[0] & POLLIN);
    assert.equal(typeof coroipcc.dispatchFlowControlGet(handle), 'boolean');
    let view;
    for (let number = 2000; number > 0; number--) {
      const lent = number % 3 !== 0;
      const message = lent
        ? coroipcc.dispatchGet(handle, 5000)
        : coroipcc.dispatchRecv(handle, 5000);
      assert.equal(decodeResponse(message).id, number);
      assert.equal(message.at(-1), number & 0xff);
      if (!lent) continue;
      view = message;
      coroipcc.dispatchPut(handle);
    }
    assert.equal(coroipcc.dispatchGet(handle, 0), undefined);
    return [view];
  }),

  'private data, counters and what is not allowed': withHandle(async (handle, server) => {
    for (let count = 1; count <= 5; count++) {
      const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(COUNT));
      assert.equal(answer.readUInt32LE(24), count);
    }
    const refused = () => coroipcc.msgSendReplyReceive(handle, encodeRequest(NEVER_ALLOWED));
    assert.throws(refused, code('ERR_COROIPC_TRY_AGAIN'));
    const unknown = coroipcc.msgSendReplyReceive(handle, encodeRequest(77));
    assert.equal(decodeResponse(unknown).error, CS.ERR_INVALID_PARAM);
    server.tell();
    assert.ok((await server.said('requests')) >= 7);
    assert.deepEqual(await server.said('saw'), [
      ...['init', 'sendingAllowedRelease', 'serializeLock', 'serializeUnlock', 'statsUpdateValue'],
    ]);
  }),

  'a host with four poll functions of its own serves': withHandle((handle) => {
    for (let round = 0; round < 20; round++) {
      const answer = coroipcc.msgSendReplyReceive(handle, ask(ECHO, round));
      assert.equal(answer.readUInt32LE(24), round);
    }
  }, 'serveByHand'),

  'a handle that is gone, and what is none': withHandle((handle) => {
    const other = coroipcc.serviceConnect;
    assert.throws(() => coroipcc.serviceDisconnect({}), TypeError);
    assert.throws(() => coroipcc.zcbAlloc(handle, -1, 16), RangeError);
    assert.throws(() => other('', SERVICE, KIB64, KIB64, KIB64), RangeError);
    assert.throws(() => other('nobody', SERVICE, 1e12, KIB64, KIB64), RangeError);
  }),
};
