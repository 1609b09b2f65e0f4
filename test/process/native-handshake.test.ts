// The native handshake with peers that do not keep it: each is dropped or refused by itself while the
// server serves the others, and a client gives up on a server that is not the one it wants, or mute.

import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CS, coroipcc, IpcClient } from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshName } from './child.js';
import { eventually, holdings } from './machine.js';
import { COMMAND, clientOf, rejected, SERVICE, startHolder, thrown } from './native-services.js';

const RAW = fileURLToPath(new URL('./fixtures/raw-native.py', import.meta.url));
const UID = process.getuid?.() ?? 0;

interface Answers {
  readonly welcome?: number;
  readonly ready?: number;
  /** The server hung up. */
  readonly over: boolean;
}

/** A raw peer at work: what it was answered once it is done. */
function raw(name: string, what: string): Promise<Answers> {
  return new Promise((resolve, reject) => {
    const child = execFile('python3', [RAW, name, what], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
      else reject(new Error(`${error.message}: ${stderr}`));
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  });
}

const refused = (status: number): Answers => ({ welcome: status, over: true });

describe('a client that', () => {
  it('keeps the rules by hand, in one piece or byte by byte, is served', async () => {
    const { name } = await startHolder();
    const right = { welcome: CS.OK, ready: CS.OK, over: false };
    expect(await raw(name, 'right')).toEqual(right);
    expect(await raw(name, 'bytewise')).toEqual(right);
  });

  it.each(['silent', 'name only', 'half', 'no attach'])(
    'says too little (%s) is dropped in time, and others are served meanwhile',
    async (what) => {
      const { name, server } = await startHolder({ handshakeTimeoutMs: 500 });
      const first = await clientOf(name);
      const before = holdings(server.pid).descriptors;
      const peers = Promise.all([1, 2, 3].map(() => raw(name, what)));
      let over = false;
      const done = peers.then((answers) => {
        over = true;
        return answers;
      });
      let rounds = 0;
      while (!over || rounds < 3) {
        const client = await IpcClient.connect({ name, service: SERVICE });
        expect((await client.call(COMMAND.ECHO, 'served')).toString()).toBe('served');
        await client.close();
        expect(first.callSync(COMMAND.ECHO, 'too').toString()).toBe('too');
        rounds++;
      }
      for (const answer of await done) expect(answer.over).toBe(true);
      await eventually(() => expect(holdings(server.pid).descriptors).toBe(before));
    },
  );

  it.each([
    { what: 'version', answers: refused(CS.ERR_VERSION) },
    { what: 'service', answers: refused(CS.ERR_NOT_EXIST) },
    { what: 'not zero', answers: refused(CS.ERR_INVALID_PARAM) },
    // Of no wire that is taken here: the answer is not one of this wire's.
    { what: 'garbage', answers: { over: true } },
  ])('begins wrongly ($what) is refused at once', async ({ what, answers }) => {
    const { name } = await startHolder({ handshakeTimeoutMs: 60_000 });
    expect(await raw(name, what)).toEqual(answers);
    const client = await clientOf(name);
    expect(client.callSync(COMMAND.ECHO, 'still').toString()).toBe('still');
  });

  it.each(['no memory', 'pipe', 'two', 'unsealed', 'size'])(
    'attaches other than its memory (%s) is refused, and nothing stays',
    async (what) => {
      const { name, server } = await startHolder({ handshakeTimeoutMs: 60_000 });
      const client = await clientOf(name);
      const before = holdings(server.pid);
      const { welcome, ready = -1, over } = await raw(name, what);
      expect({ welcome, over }).toEqual({ welcome: CS.OK, over: true });
      expect(ready).not.toBe(CS.OK);
      expect(client.callSync(COMMAND.ECHO, 'still').toString()).toBe('still');
      await eventually(() => expect(holdings(server.pid)).toEqual(before));
    },
  );

  it('wants a wire that is not taken is told so', async () => {
    const { name } = await startHolder();
    const classic = IpcClient.connect({ name, service: SERVICE, wire: 'classic' });
    expect(await rejected(classic)).toBe(CS.ERR_NOT_SUPPORTED);
    for (const generation of ['1.2', '1.4'] as const) {
      const connect = () =>
        coroipcc.serviceConnect(name, SERVICE, 8192, 8192, 8192, { generation });
      expect(thrown(connect)).toBe(CS.ERR_NOT_SUPPORTED);
    }
  });
});

/** Listens and says nothing; keeps what it hears. */
async function mute(): Promise<{ name: string; heard: Buffer[]; accepted: () => number }> {
  const name = freshName();
  const heard: Buffer[] = [];
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted++;
    socket.on('data', (bytes) => heard.push(bytes));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(`\0${name}`.padEnd(108, '\0'), resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { name, heard, accepted: () => accepted };
}

describe('a server that', () => {
  it('is another user than wanted hears nothing at all', async () => {
    const { name, heard, accepted } = await mute();
    const other = { serverUid: UID + 1 };
    const connecting = IpcClient.connect({ name, service: SERVICE, ...other });
    expect(await rejected(connecting)).toBe(CS.ERR_SECURITY);
    const connect = () => coroipcc.serviceConnect(name, SERVICE, 8192, 8192, 8192, other);
    expect(thrown(connect)).toBe(CS.ERR_SECURITY);
    await eventually(() => expect(accepted()).toBe(2));
    // What a third one says is heard after anything that the two could have said.
    const limit = { name, service: SERVICE, timeoutMs: 200, serverUid: UID };
    expect(await rejected(IpcClient.connect(limit))).toBe(CS.ERR_TIMEOUT);
    await eventually(() => expect(Buffer.concat(heard).length).toBe(64));
  });

  it('is the user that is wanted is talked to', async () => {
    const { name } = await startHolder();
    const client = await clientOf(name, { serverUid: UID });
    expect(client.callSync(COMMAND.ECHO, 'known').toString()).toBe('known');
  });

  it('is mute is given up in time, also by who blocks', async () => {
    const { name } = await mute();
    const limit = { name, service: SERVICE, timeoutMs: 100 };
    expect(await rejected(IpcClient.connect(limit))).toBe(CS.ERR_TIMEOUT);
    const connect = () =>
      coroipcc.serviceConnect(name, SERVICE, 8192, 8192, 8192, { timeoutMs: 100 });
    expect(thrown(connect)).toBe(CS.ERR_TIMEOUT);
    const controller = new AbortController();
    const reason = new Error('the reason');
    const { signal } = controller;
    const connecting = IpcClient.connect({ ...limit, timeoutMs: -1, signal });
    setTimeout(() => controller.abort(reason), 20);
    expect(await rejected(connecting)).toBe(reason);
  });
});
