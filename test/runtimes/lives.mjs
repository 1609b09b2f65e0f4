// How processes end: by themselves, by an exception, by process.exit, by kill -9; and what the
// other side then sees.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { CoroIpcError, coroipcc, encodeRequest, IpcClient, IpcServer } from '@coroipc/core';
import { Child, freshName, until } from './child.mjs';
import { burst, COMMAND, SERVICE, startServer } from './server.mjs';
import { sleep } from './tell.mjs';

// A server and its client in this one process, which ends in one of their call-backs.
async function endInside({ name, where, how }) {
  const act = (here) => {
    if (here !== where) return;
    if (how === 'throw') throw new Error('thrown on purpose');
    process.exit(23);
  };
  const server = new IpcServer({ name });
  server.on('connection', () => act('connection'));
  server.service(SERVICE, {
    requests: {
      1: ({ connection }) => {
        if (how === 'exit') act('handler');
        for (let left = 100; left > 0; left--) connection.dispatch(1, 'x');
        return 'x';
      },
    },
  });
  await server.listen();
  const client = await IpcClient.connect({ name, service: SERVICE });
  client.on('dispatch', () => act('dispatch'));
  await client.call(1);
  act('top level');
}

async function endsWhenClosed({ name }, { say }) {
  const server = new IpcServer({ name });
  server.service(SERVICE, { requests: { 1: ({ payload }) => payload } });
  await server.listen();
  const client = await IpcClient.connect({ name, service: SERVICE });
  assert.equal((await client.call(1, 'x')).toString(), 'x');
  await client.close();
  await server.close();
  say('closed');
}

async function endsWhenUnref({ name }, { say }) {
  const server = new IpcServer({ name }).unref();
  server.service(SERVICE, { requests: { 1: ({ payload }) => payload } });
  await server.listen();
  const client = await IpcClient.connect({ name, service: SERVICE });
  assert.equal((await client.call(1, 'x')).toString(), 'x');
  client.on('dispatch', () => {});
  client.unref();
  say('unref');
}

async function stays({ name, ref }, { say }) {
  const server = new IpcServer({ name });
  server.service(SERVICE, {});
  await server.listen();
  if (ref) server.unref().ref();
  say('idle');
}

async function clientStays({ name }, { say }) {
  const client = await IpcClient.connect({ name, service: SERVICE });
  client.on('dispatch', () => {});
  say('idle');
}

// A client that is doing something when its server goes, and says what became of it.
async function busyClient({ name, what }, { say }) {
  const client = await IpcClient.connect({ name, service: SERVICE });
  const doing = {
    callSync: () => client.callSync(COMMAND.SILENCE),
    call: () => client.call(COMMAND.SILENCE),
    dispatches: async () => {
      await client.call(COMMAND.STREAM);
      for await (const { payload } of client.dispatches()) assert.equal(payload.length, 1000);
    },
    dispatchGet: () => {
      const handle = coroipcc.serviceConnect(name, SERVICE, 65536, 65536, 65536);
      coroipcc.msgSendReplyReceive(handle, encodeRequest(COMMAND.STREAM));
      for (;;) {
        coroipcc.dispatchGet(handle);
        coroipcc.dispatchPut(handle);
      }
    },
    event: () => new Promise((_, reject) => client.on('close', reject)),
  };
  say('at it');
  try {
    await doing[what]();
    say('over', 'nothing');
  } catch (error) {
    say('over', CoroIpcError.is(error) ? error.code : String(error));
  }
  say('closed', client.closed);
  await client.close();
}

export const tasks = { endInside, endsWhenClosed, endsWhenUnref, stays, clientStays, busyClient };

const start = (name, argument) => Child.start(import.meta.url, name, argument);

const places = (how, ...wheres) =>
  Object.fromEntries(
    wheres.map((where) => [
      `${how === 'exit' ? 'process.exit()' : 'an uncaught exception'}, ${where}, ends the process`,
      async () => {
        const child = start('endInside', { name: freshName(), where, how });
        if (how === 'exit') await child.endsWith(23);
        else await child.endsWith(1, /thrown on purpose/);
      },
    ]),
  );

const serverGoes = (how, what) => async () => {
  const { name, server } = await startServer();
  const client = start('busyClient', { name, what });
  await client.said('at it');
  await server.said('connected');
  if (what.startsWith('call')) await server.said('silent');
  else await sleep(50);
  if (how === 'killed') server.kill();
  else server.tell();
  assert.equal(await client.said('over'), 'ERR_COROIPC_LIBRARY');
  await client.endsWith(0);
};

const WHATS = ['callSync', 'call', 'dispatches', 'dispatchGet', 'event'];

// Those that a runtime opens for itself are no sockets.
function sockets(pid) {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return 'closed in between';
    }
  });
  return links.filter((link) => link.startsWith('socket:')).length;
}

const clientKilled = (what) => async () => {
  const { name, server } = await startServer();
  const own = await IpcClient.connect({ name, service: SERVICE });
  assert.equal((await own.call(COMMAND.ECHO, 'x')).toString(), 'x');
  const held = () => sockets(server.pid);
  const before = held();
  const client = start('busyClient', { name, what });
  await client.said('at it');
  await until('it is connected', () => server.values('connected').includes(client.pid));
  await sleep(50);
  client.kill();
  await client.endsWith('SIGKILL');
  await until('the server noticed', () => server.values('disconnected').includes(client.pid));
  assert.equal((await own.call(COMMAND.ECHO, 'x')).toString(), 'x');
  await until('its socket is closed', () => held() <= before);
  await own.close();
  server.tell();
  await server.endsWith(0);
};

const stillThere = (name, argument) => async () => {
  const child = start(name, argument ?? { name: freshName() });
  await child.said('idle');
  await sleep(300);
  child.kill();
  await child.endsWith('SIGKILL');
};

export const lives = {
  'ends by itself when everything is closed': () =>
    start('endsWhenClosed', { name: freshName() }).endsWith(0),
  'ends by itself when everything is unref-ed': () =>
    start('endsWhenUnref', { name: freshName() }).endsWith(0),
  'an open server keeps the process alive': stillThere('stays'),
  'a server that is ref-ed again keeps the process alive': stillThere('stays', {
    name: freshName(),
    ref: true,
  }),
  'an open client keeps the process alive': async () => {
    const { name } = await startServer();
    await stillThere('clientStays', { name })();
  },
  ...places('exit', 'connection', 'handler', 'dispatch', 'top level'),
  ...places('throw', 'connection', 'dispatch', 'top level'),
  ...Object.fromEntries(
    ['killed', 'closed'].flatMap((how) =>
      WHATS.map((what) => [
        `a server that is ${how} ends its client's ${what}`,
        serverGoes(how, what),
      ]),
    ),
  ),
  ...Object.fromEntries(
    WHATS.map((what) => [`a client that is killed in ${what} leaves nothing`, clientKilled(what)]),
  ),
  'a killed server’s name can be served again at once': async () => {
    const { name, server } = await startServer();
    const client = await IpcClient.connect({ name, service: SERVICE });
    client.on('dispatch', () => {});
    const closed = new Promise((resolve) => client.once('close', resolve));
    await client.call(COMMAND.BURST, burst(10, 10));
    server.kill();
    assert.ok(CoroIpcError.is(await closed));
    await startServer(name);
    const next = await IpcClient.connect({ name, service: SERVICE });
    assert.equal(next.callSync(COMMAND.ECHO, 'again').toString(), 'again');
    await next.close();
    await client.close();
  },
};
