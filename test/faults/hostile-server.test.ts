// Hostile servers: squatters, liars and mutes. Whatever a client meets, by every API, it is told so by a
// clear status within its limit of time, its process lives, and nothing stays. One line an attack.

import { CS } from '@coroipc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Attacker, SEALS } from './attacker.js';
import { ClassicServer } from './classic-server.js';
import type { Generation } from './classic-wire.js';
import {
  CLIENT_APIS,
  ClientProcess,
  greeted,
  RINGS,
  SERVER_BYTES,
  serveNative,
} from './client-under-attack.js';
import {
  AT,
  attach,
  DOORBELL,
  MAX_U32,
  MAX_U64,
  memory,
  type NativePeer,
  note,
  PAGE,
  place,
  type Record,
  ready,
  record,
  type Welcome,
  welcome,
} from './native-wire.js';
import { eventually, freshName } from './victim.js';

type Raw = Attacker;
type Server = (raw: Raw, listener: number) => Promise<unknown>;

interface Meeting {
  readonly at: 'connect' | 'call';
  /** The statuses that tell it. */
  readonly told: readonly number[];
  readonly wants?: 'answer' | 'message' | 'end';
  readonly generation?: Generation;
  readonly timeoutMs?: number;
}

const { ERR_LIBRARY, ERR_TIMEOUT, ERR_VERSION, ERR_TOO_BIG, ERR_MESSAGE_ERROR } = CS;
const { ERR_INVALID_PARAM, ERR_TRY_AGAIN } = CS;
const REFUSED: Meeting = { at: 'connect', told: [ERR_MESSAGE_ERROR] };
const NOT_TAKEN: Meeting = { at: 'connect', told: [ERR_INVALID_PARAM] };
const MUTE: Meeting = { at: 'connect', told: [ERR_TIMEOUT], timeoutMs: 300 };
const GONE: Meeting = { at: 'connect', told: [ERR_LIBRARY] };
const CALL: Meeting = { at: 'call', told: [ERR_LIBRARY] };
const MESSAGE: Meeting = { ...CALL, wants: 'message' };
const LATE: Meeting = { at: 'call', told: [ERR_TIMEOUT, ERR_TRY_AGAIN], timeoutMs: 300 };

function meets(
  what: string,
  table: Readonly<{ [name: string]: readonly [Server, Meeting] }>,
): void {
  describe.each(CLIENT_APIS)(`${what} (%s)`, (api) => {
    let client: ClientProcess;
    beforeAll(async () => {
      client = await ClientProcess.start();
      // What a process loads once is not what a server made it hold.
      for (let i = 0; i < 2; i++)
        await client.use(api, { name: freshName(), timeoutMs: 100, wants: 'answer' });
    });
    afterAll(() => client[Symbol.asyncDispose]());
    for (const [name, [server, meeting]] of Object.entries(table))
      it(name, async () => {
        const { at, told, generation, wants = 'answer', timeoutMs = 5000 } = meeting;
        const address = freshName();
        const before = client.holdings();
        await using raw = Attacker.start();
        const listener = await raw.listen(address);
        const asked = { name: address, timeoutMs, wants, ...(generation && { generation }) };
        const using_ = client.use(api, asked);
        // A server may fail because its client hung up on it, which is right.
        const serving = server(raw, listener).catch((error: unknown) => error);
        const outcome = await using_;
        expect(outcome.at, outcome.text).toBe(at);
        expect(told, outcome.text).toContain(outcome.status);
        // Who said yes and nothing else may still be about to open the files.
        if (!told.includes(ERR_TIMEOUT))
          await eventually(() => expect(ClassicServer.left()).toEqual([]));
        raw.kill();
        await serving;
        expect(client.alive).toBe(true);
        await eventually(() => expect(client.holdings()).toEqual(before));
      });
  });
}

/** A welcome with these fields, and its memory. */
const welcomes =
  (fields: Welcome, bytes: number = SERVER_BYTES): Server =>
  async (raw, listener) => {
    const socket = await greeted(raw, listener);
    await raw.trySend(
      socket,
      welcome({ rings: RINGS, ...fields }),
      (await memory(raw, bytes)).file,
    );
    await raw.over(socket);
  };

/** A welcome that is right but for its descriptors. */
const brings =
  (make: (raw: Raw) => Promise<number[]>): Server =>
  async (raw, listener) => {
    const socket = await greeted(raw, listener);
    const files = await make(raw);
    await raw.trySend(socket, welcome({ rings: RINGS }), ...files);
    for (const file of files) await raw.close(file);
    await raw.over(socket);
  };
const special = (kind: string) => brings(async (raw) => [await raw.special(kind)]);
const memfd = (bytes: number, seals: number) =>
  brings(async (raw) => [await raw.memfd(bytes, seals)]);

/** All right up to `ready`, which is this. */
const concludes =
  (bytes: Uint8Array, files = 0): Server =>
  async (raw, listener) => {
    const socket = await greeted(raw, listener);
    await raw.send(socket, welcome({ rings: RINGS }), (await memory(raw, SERVER_BYTES)).file);
    await raw.recv(socket, attach().length);
    const sent: number[] = [];
    for (let i = 0; i < files; i++) sent.push(await raw.special('eventfd'));
    if (bytes.length > 0) await raw.trySend(socket, bytes, ...sent);
    await raw.over(socket);
  };

const saysAndHangsUp =
  (bytes: Uint8Array): Server =>
  async (raw, listener) => {
    const socket = await greeted(raw, listener);
    if (bytes.length > 0) await raw.send(socket, bytes);
    await raw.close(socket);
  };

meets('a native server that does not greet as it should', {
  'is mute': [async (raw, listener) => raw.over(await raw.accept(listener)), MUTE],
  'does not even accept': [async () => {}, MUTE],
  'hangs up at once': [async (raw, listener) => raw.close(await raw.accept(listener)), GONE],
  'hangs up after the hello': [saysAndHangsUp(Buffer.alloc(0)), GONE],
  'hangs up within its welcome': [saysAndHangsUp(welcome().subarray(0, 40)), GONE],
  'speaks another language': [saysAndHangsUp(Buffer.alloc(64, 'HTTP/1.1 400 ')), REFUSED],
  'says half a welcome and no more': [concludesHalf, MUTE],
  'has another name': [welcomes({ name: 'coroipcN' }), REFUSED],
  'speaks version 0': [welcomes({ version: 0 }), { ...REFUSED, told: [ERR_VERSION] }],
  'speaks version 1': [welcomes({ version: 1 }), { ...REFUSED, told: [ERR_VERSION] }],
  'speaks version 3': [welcomes({ version: 3 }), { ...REFUSED, told: [ERR_VERSION] }],
  'speaks version 65535': [welcomes({ version: 65535 }), { ...REFUSED, told: [ERR_VERSION] }],
  'has a zero that is none': [welcomes({ dirt: [10, 1] }), REFUSED],
  'has a last zero that is none': [welcomes({ dirt: [63, 1] }), REFUSED],
  'refuses and grants all the same': [welcomes({ status: 12 }), REFUSED],
  'refuses with status 0': [
    refuses(0),
    { ...REFUSED, told: [0, -1, ERR_LIBRARY, ERR_MESSAGE_ERROR] },
  ],
  'refuses with status -1': [
    refuses(-1),
    { ...REFUSED, told: [-1, ERR_LIBRARY, ERR_MESSAGE_ERROR] },
  ],
  'refuses with status 2^31 - 1': [
    refuses(2 ** 31 - 1),
    { ...REFUSED, told: [2 ** 31 - 1, ERR_LIBRARY, ERR_MESSAGE_ERROR] },
  ],
  'grants rings of 0': [welcomes({ rings: [0n, 0n, 0n] }), REFUSED],
  'grants rings of 1': [welcomes({ rings: [1n, 4096n, 4096n] }), REFUSED],
  'grants rings of 2048': [welcomes({ rings: [4096n, 2048n, 4096n] }), REFUSED],
  'grants rings that are no power of two': [welcomes({ rings: [4096n, 4096n, 12288n] }), REFUSED],
  'grants rings of 2^31': [welcomes({ rings: [2n ** 31n, 4096n, 4096n] }), REFUSED],
  'grants rings of 2^63': [welcomes({ rings: [4096n, 2n ** 63n, 4096n] }), REFUSED],
  'grants rings of 2^64 - 1': [welcomes({ rings: [4096n, 4096n, MAX_U64] }), REFUSED],
  'grants rings of 2^30 over little memory': [
    welcomes({ rings: [2n ** 30n, 2n ** 30n, 2n ** 30n] }),
    NOT_TAKEN,
  ],
  'grants no requests in flight': [welcomes({ inFlight: 0 }), REFUSED],
  'grants 2^32 - 1 requests in flight': [welcomes({ inFlight: MAX_U32 }), REFUSED],
  'brings no memory': [brings(async () => []), NOT_TAKEN],
  'brings two memories': [
    brings(async (raw) => [
      (await memory(raw, SERVER_BYTES)).file,
      (await memory(raw, SERVER_BYTES)).file,
    ]),
    GONE,
  ],
  'brings 253 descriptors': [
    brings((raw) => Promise.all(Array.from({ length: 253 }, () => raw.special('eventfd')))),
    GONE,
  ],
  'brings unsealed memory': [memfd(SERVER_BYTES, 0), NOT_TAKEN],
  'brings memory that may shrink': [memfd(SERVER_BYTES, SEALS.ALL & ~SEALS.SHRINK), NOT_TAKEN],
  'brings memory that may grow': [memfd(SERVER_BYTES, SEALS.ALL & ~SEALS.GROW), NOT_TAKEN],
  'brings memory that others may write': [
    memfd(SERVER_BYTES, SEALS.ALL & ~SEALS.FUTURE_WRITE),
    NOT_TAKEN,
  ],
  'brings memory that may be sealed': [memfd(SERVER_BYTES, SEALS.ALL & ~SEALS.SEAL), NOT_TAKEN],
  'brings memory that is too small': [memfd(PAGE, SEALS.ALL), NOT_TAKEN],
  'brings memory that is too large': [memfd(SERVER_BYTES + PAGE, SEALS.ALL), NOT_TAKEN],
  'brings memory without pages': [
    brings(async (raw) => [await raw.hole(SERVER_BYTES, SEALS.ALL)]),
    NOT_TAKEN,
  ],
  'brings a pipe': [special('pipe'), NOT_TAKEN],
  'brings a device': [special('device'), NOT_TAKEN],
  'brings a directory': [special('directory'), NOT_TAKEN],
  'brings a file on a disk': [special('file'), NOT_TAKEN],
  'brings a TCP socket whose close waits': [special('lingering'), NOT_TAKEN],
  'is never ready': [concludes(Buffer.alloc(0)), MUTE],
  'is ready by another name': [concludes(ready({ name: 'coroipcA' })), REFUSED],
  'is ready with a word that is not zero': [concludes(ready({ dirt: 1 })), REFUSED],
  'is ready with a descriptor': [concludes(ready(), 1), REFUSED],
  'is ready with a refusal': [
    concludes(ready({ status: ERR_TOO_BIG })),
    { ...REFUSED, told: [ERR_TOO_BIG] },
  ],
});

/** Serves until a request is there, and then does this. */
const serves =
  (deed: (peer: NativePeer, raw: Raw) => Promise<unknown>): Server =>
  async (raw, listener) => {
    const peer = await serveNative(raw, listener);
    while ((await raw.peek({ map: peer.theirs, at: AT.ring, width: 4 })) === 0n)
      await raw.over(peer.socket, 1);
    await deed(peer, raw);
    await raw.trySend(peer.socket, DOORBELL);
    await raw.over(peer.socket);
  };

/** Connects a client and sends without being asked. */
const sends =
  (deed: (peer: NativePeer, raw: Raw) => Promise<unknown>): Server =>
  async (raw, listener) => {
    const peer = await serveNative(raw, listener);
    await deed(peer, raw);
    await raw.trySend(peer.socket, DOORBELL);
    await raw.over(peer.socket);
  };

const DISPATCHES = AT.ring + 4096;

function answers(...records: Record[]): Server {
  return serves((peer) => puts(peer, AT.ring, records));
}
function dispatches(...records: Record[]): Server {
  return sends((peer) => puts(peer, DISPATCHES, records));
}
async function puts(peer: NativePeer, ring: number, records: Record[]) {
  await peer.publish(Buffer.concat(records.map((fields) => record({ error: 1, ...fields }))), ring);
}
const pokesUnasked = (at: number, value: number | bigint) =>
  sends((peer, raw) => raw.poke(peer.word(at), value));

meets('a native server that lies to a caller', {
  'never answers': [serves(async () => {}), LATE],
  'hangs up': [serves((peer, raw) => raw.close(peer.socket)), CALL],
  'half closes': [serves((peer, raw) => raw.shut(peer.socket)), CALL],
  'answers with a record of 0 bytes': [answers({ bytes: 0 }), LATE],
  'answers with a record of 1 byte': [answers({ bytes: 1 }), CALL],
  'answers with a record of 15 bytes': [answers({ bytes: 15 }), CALL],
  'answers with a record over nothing': [answers({ bytes: 64, size: 0 }), CALL],
  'answers with a record of the whole ring': [answers({ bytes: PAGE }), CALL],
  'answers with a record just past what a ring takes': [answers({ bytes: PAGE - 7 }), CALL],
  'answers with a record of 2^31 bytes': [answers({ bytes: 2 ** 31 }), CALL],
  'answers with a record of 2^32 - 1 bytes': [answers({ bytes: MAX_U32 }), CALL],
  'answers with a record of another kind': [answers({ kind: 2 }), CALL],
  'answers request 0': [answers({ sequence: 0 }), CALL],
  'answers a request that was not made': [answers({ sequence: 2 }), CALL],
  'answers request 2^64 - 1': [answers({ sequence: MAX_U64 }), CALL],
  'answers with a message of 0 bytes': [answers({ size: 0 }), CALL],
  'answers with a message of 23 bytes': [answers({ size: 23 }), CALL],
  'answers with a message of -1 bytes': [answers({ size: -1 }), CALL],
  'answers with a message of 2^31 - 1 bytes': [answers({ size: 2 ** 31 - 1 }), CALL],
  'answers in a buffer that is unknown': [answers({ kind: 1, size: 100, body: place(0, 0) }), CALL],
  'answers in buffer 2^32 - 1': [answers({ kind: 1, size: 100, body: place(MAX_U32, 0) }), CALL],
  'rings with a byte that is none': [
    serves((peer, raw) => raw.send(peer.socket, Buffer.from([9]))),
    CALL,
  ],
  'rings without end': [serves((peer, raw) => raw.flood(peer.socket, DOORBELL, 8000)), CALL],
  'answers offers that were not made': [
    serves((peer, raw) => raw.send(peer.socket, note('answer', 0, 1))),
    CALL,
  ],
  'offers a pipe for a buffer': [
    serves(async (peer, raw) =>
      raw.send(peer.socket, note('offer', 0, PAGE), await raw.special('pipe')),
    ),
    CALL,
  ],
  'offers without end': [serves(offersForever), { ...LATE, told: [ERR_TIMEOUT, ERR_LIBRARY] }],
  'withdraws what was not offered': [
    serves((peer, raw) => raw.send(peer.socket, note('withdraw', 3))),
    CALL,
  ],
});

meets('a native server that lies of its dispatch messages', {
  'sends none': [sends(async () => {}), { ...LATE, wants: 'message' }],
  'sends a record of 0 bytes': [dispatches({ bytes: 0 }), { ...LATE, wants: 'message' }],
  'sends a record of 1 byte': [dispatches({ bytes: 1 }), MESSAGE],
  'sends a record of the whole ring': [dispatches({ bytes: PAGE }), MESSAGE],
  'sends a record just past what a ring takes': [dispatches({ bytes: PAGE - 7 }), MESSAGE],
  'sends a record of 2^32 - 1 bytes': [dispatches({ bytes: MAX_U32 }), MESSAGE],
  'sends sequence 0': [dispatches({ sequence: 0 }), MESSAGE],
  'sends sequence 2 first': [dispatches({ sequence: 2 }), MESSAGE],
  'sends a message of -1 bytes': [dispatches({ size: -1 }), MESSAGE],
  'sends a message of 2^31 - 1 bytes': [dispatches({ size: 2 ** 31 - 1 }), MESSAGE],
  'sends a message in a buffer that is unknown': [
    dispatches({ kind: 1, size: 100, body: place(0, 0) }),
    MESSAGE,
  ],
  'has a request head of 2^63, and sends nothing': [
    pokesUnasked(AT.requestHead, 2n ** 63n),
    { ...LATE, wants: 'message' },
  ],
});

/** Messages whose size is another one, as fast as a thread can, while they are read. */
const flipping: Server = sends(async (peer, raw) => {
  const messages = [1, 2, 3].map((sequence) => record({ sequence, error: 1 }));
  const [first = 0, second = 0] = messages.map(({ length }) => length);
  const all = Buffer.concat(messages);
  await raw.fill(peer.mine, DISPATCHES + 4, all.subarray(4));
  for (const at of [0, first, first + second])
    await raw.flip(peer.word(DISPATCHES + at + 16, 4), 28, 2 ** 31 - 1);
  await raw.poke(peer.word(DISPATCHES, 4), all.readUInt32LE());
});

describe.each(CLIENT_APIS)('a native server that changes sizes (%s)', (api) => {
  it('is found out, or not, and costs the client no more than its connection', async () => {
    await using client = await ClientProcess.start();
    // When it looks is up to chance.
    for (let attempt = 0; attempt < 100; attempt++) {
      await using raw = Attacker.start();
      const address = freshName();
      const listener = await raw.listen(address);
      const using_ = client.use(api, { name: address, timeoutMs: 5000, wants: 'message' });
      const serving = flipping(raw, listener).catch((error: unknown) => error);
      const { at, status, text } = await using_;
      expect(at, text).toBe('call');
      expect([CS.OK, ERR_LIBRARY], text).toContain(status);
      raw.kill();
      await serving;
    }
  });
});

/** A classic server of this generation, up to where it answers the setup. */
const classic =
  (generation: Generation, deed: (server: ClassicServer) => Promise<unknown>, status = 1): Server =>
  async (raw, listener) => {
    const server = await ClassicServer.greet(raw, listener, generation);
    await server.answerSetup(status);
    await deed(server);
    await raw.over(server.socket);
  };
const called = (
  generation: Generation,
  deed: (server: ClassicServer) => Promise<unknown>,
): Server =>
  classic(generation, async (server) => {
    await server.requested();
    await deed(server);
  });

const both = (generation: Generation): Parameters<typeof meets>[1] => {
  const at = (meeting: Meeting): Meeting => ({ ...meeting, generation });
  const size = (bytes: number) => called(generation, (server) => server.answer(bytes));
  return {
    'is mute': [async (raw, listener) => raw.over(await raw.accept(listener)), at(MUTE)],
    'hangs up at once': [async (raw, listener) => raw.close(await raw.accept(listener)), at(GONE)],
    'answers half': [classicHalf(generation), at(MUTE)],
    'refuses with status 100': [
      classic(generation, async () => {}, 100),
      at({ ...GONE, told: [CS.ERR_SECURITY] }),
    ],
    'refuses with status 0': [
      classic(generation, async () => {}, 0),
      at({ ...GONE, told: [0, -1, ERR_LIBRARY, ERR_MESSAGE_ERROR] }),
    ],
    'refuses with status -1': [
      classic(generation, async () => {}, -1),
      at({ ...GONE, told: [-1, ERR_LIBRARY, ERR_MESSAGE_ERROR] }),
    ],
    'never answers a call': [called(generation, async () => {}), at(LATE)],
    'hangs up on a call': [called(generation, (server) => server.hangUp()), at(CALL)],
    'answers with 0 bytes': [size(0), at(CALL)],
    'answers with 23 bytes': [size(23), at(CALL)],
    'answers with -1 bytes': [size(-1), at(CALL)],
    'answers with 2^31 - 1 bytes': [size(2 ** 31 - 1), at(CALL)],
    'answers with more than the buffer': [size(PAGE + 1), at(CALL)],
    'truncates the response buffer': [
      called(generation, (server) => server.truncate('response')),
      at(CALL),
    ],
    'truncates the request buffer': [
      called(generation, (server) => server.truncate('request')),
      at(LATE),
    ],
    'truncates the control buffer': [
      called(generation, (server) => server.truncate('control')),
      at({ ...LATE, told: [ERR_TIMEOUT, ERR_LIBRARY] }),
    ],
    'has a write index of 2^28': [
      classic(generation, (server) => server.dispatch(2 ** 28, 24)),
      at(MESSAGE),
    ],
    'has a write index of 2^32 - 1': [
      classic(generation, (server) => server.dispatch(MAX_U32, 24)),
      at(MESSAGE),
    ],
    'sends a message of 0 bytes': [
      classic(generation, (server) => server.dispatch(24, 0)),
      at(MESSAGE),
    ],
    'sends a message of -1 bytes': [
      classic(generation, (server) => server.dispatch(24, -1)),
      at(MESSAGE),
    ],
    'sends a message of 2^31 - 1 bytes': [
      classic(generation, (server) => server.dispatch(24, 2 ** 31 - 1)),
      at(MESSAGE),
    ],
    'sends a message of 0 bytes behind good ones': [
      classic(generation, (server) => server.dispatchBehind(3, 0)),
      at({ ...MESSAGE, wants: 'end' }),
    ],
    'truncates the dispatch ring': [
      classic(generation, (server) => server.truncate('dispatch')),
      at(MESSAGE),
    ],
    'fills every semaphore with garbage': [
      called(generation, (server) => server.garbage()),
      at({ ...LATE, told: [ERR_TIMEOUT, ERR_LIBRARY] }),
    ],
  };
};

meets('a classic server of 1.2', {
  ...both('1.2'),
  'tells of its queue without end': [
    classic('1.2', (server) => server.flood(3)),
    {
      ...LATE,
      wants: 'message',
      generation: '1.2',
      told: [ERR_TIMEOUT, ERR_TRY_AGAIN, ERR_LIBRARY],
    },
  ],
  'asks to be asked without end': [
    classic('1.2', (server) => server.flood(2)),
    {
      ...LATE,
      wants: 'message',
      generation: '1.2',
      told: [ERR_TIMEOUT, ERR_TRY_AGAIN, ERR_LIBRARY],
    },
  ],
});
meets('a classic server of 1.4', both('1.4'));

async function concludesHalf(raw: Raw, listener: number): Promise<void> {
  const socket = await greeted(raw, listener);
  await raw.send(socket, welcome({ rings: RINGS }).subarray(0, 63));
  await raw.over(socket);
}

function refuses(status: number): Server {
  return async (raw, listener) => {
    const socket = await greeted(raw, listener);
    await raw.trySend(socket, welcome({ rings: [0n, 0n, 0n], inFlight: 0, status }));
    await raw.over(socket);
  };
}

async function offersForever(peer: NativePeer, raw: Raw): Promise<void> {
  for (let number = 0; number < 5000; number++) {
    const file = await raw.memfd(2 ** 20, SEALS.ALL);
    await raw.trySend(peer.socket, note('offer', number % 64, 2 ** 20), file);
    await raw.close(file);
    await raw.trySend(peer.socket, note('withdraw', number % 64));
  }
}

function classicHalf(generation: Generation): Server {
  return async (raw, listener) => {
    const server = await ClassicServer.greet(raw, listener, generation);
    await raw.send(server.socket, Buffer.from([1, 0, 0, 0, 0, 0, 0]));
    await raw.over(server.socket);
  };
}
