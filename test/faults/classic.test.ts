// Attacks on a server over the classic wire, of both generations, with the numbers that the originals'
// hazards have in docs/hazards.md. One line an attack.

import { lstatSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CS } from '@coroipc/core';
import { expect } from 'vitest';
import type { Attacker } from './attacker.js';
import { attacks } from './attacks.js';
import {
  ClassicPeer,
  FILES,
  type FileName,
  type Generation,
  header,
  LAYOUT,
  type Paths,
  SIZES,
  type Sizes,
  setup,
  sharedFiles,
  shmPath,
  ZCB,
  zcbAlloc,
  zcbNamed,
} from './classic-wire.js';
import { PAGE } from './native-wire.js';
import { COMMAND, SERVICE } from './victim.js';

type Raw = Attacker;
type Deed = (peer: ClassicPeer, raw: Raw) => Promise<void>;

const FAILED = { counts: 'failedHandshakes' };
const HUNG_UP = { ...FAILED, log: /failed: hung up before/ };
const MALFORMED = { ...FAILED, log: /failed: malformed setup/ };
const NOT_ACCEPTED = { ...FAILED, log: /failed: its shared files were not accepted/ };
const TOO_LARGE = { counts: 'refusedByLimits', log: /refused: it asks for \d+ bytes, max/ };
const TOO_LATE = { ...FAILED, log: /failed: not finished in time/ };
const DENIED = { log: /refused: not admitted/ };
const REQUEST = { log: /broke the protocol with a request/, counts: 'breaches' };
const DISPATCH = { log: /broke the protocol in the dispatch ring/, counts: 'breaches' };
const GONE = { log: /ends: the peer hung up/ };

/** Sends a setup with these paths and sizes; it is refused, and what was named is still there. */
function refuses(generation: Generation, sizes: Partial<Sizes>, service: number = SERVICE) {
  return async (raw: Raw, name: string): Promise<void> => {
    const { paths } = await sharedFiles(raw);
    const socket = await raw.connect(name);
    await raw.send(socket, setup(generation, paths, { ...SIZES, ...sizes }, service));
    expect((await raw.recv(socket, 8)).bytes.readInt32LE(0)).not.toBe(CS.OK);
    expect(await raw.over(socket)).toBe(true);
    for (const file of FILES) await raw.unlink(paths[file]);
  };
}

/** As `refuses`, where one file is what `make` left at its path, or says instead. */
function names(
  make: (raw: Raw, path: string) => Promise<string | undefined>,
  file: FileName = 'request',
  generation: Generation = '1.4',
) {
  return async (raw: Raw, name: string): Promise<void> => {
    const { paths } = await sharedFiles(raw);
    await raw.unlink(paths[file]);
    const other = await make(raw, paths[file]);
    const socket = await raw.connect(name);
    const named: Paths = { ...paths, [file]: other ?? paths[file] };
    await raw.send(socket, setup(generation, named));
    expect((await raw.recv(socket, 8)).bytes.readInt32LE(0)).not.toBe(CS.OK);
    expect(await raw.over(socket)).toBe(true);
    // It took nothing away that it did not accept.
    if (other === undefined) expect(lstatSync(paths[file])).toBeDefined();
    for (const each of FILES) await raw.unlink(paths[each]);
    await raw.rmdir(paths[file]);
  };
}

function says(bytes: Uint8Array, then: 'half close' | 'hang up' | 'wait') {
  return async (raw: Raw, name: string): Promise<void> => {
    const socket = await raw.connect(name);
    if (bytes.length > 0) await raw.send(socket, bytes);
    if (then === 'half close') await raw.shut(socket);
    if (then === 'hang up') await raw.close(socket);
    else expect(await raw.over(socket)).toBe(true);
  };
}

const NOWHERE: Paths = { control: '/c', request: '/r', response: '/s', dispatch: '/d' };
const part = (generation: Generation, bytes: number) =>
  setup(generation, NOWHERE).subarray(0, bytes);
const nowhere = (paths: Partial<Paths>, generation: Generation = '1.4') =>
  says(setup(generation, { ...NOWHERE, ...paths }), 'wait');
const full = (letter: string, bytes: number) => `/${letter.repeat(bytes)}`;

const connected =
  (generation: Generation, deed: Deed) =>
  async (raw: Raw, name: string): Promise<void> => {
    const peer = await ClassicPeer.connect(raw, name, generation);
    await deed(peer, raw);
    expect(await raw.over(peer.socket)).toBe(true);
  };

const spared =
  (generation: Generation, deed: Deed) =>
  async (raw: Raw, name: string): Promise<void> => {
    const peer = await ClassicPeer.connect(raw, name, generation);
    await deed(peer, raw);
    // It still is served: what it did hurts nobody, not even itself.
    expect(await raw.over(peer.socket, 20)).toBe(false);
  };

const request =
  (bytes: Uint8Array): Deed =>
  (peer) =>
    peer.request(bytes);

attacks(
  'a classic setup',
  {},
  {
    'A3: half closed at once': [says(Buffer.alloc(0), 'half close'), HUNG_UP],
    'A3: half closed within a setup of 1.2': [says(part('1.2', 303), 'half close'), HUNG_UP],
    'A3: half closed within a setup of 1.4': [says(part('1.4', 9000), 'half close'), HUNG_UP],
    'A4: gone before its answer': [says(setup('1.2', NOWHERE), 'hang up'), NOT_ACCEPTED],
    'A6: hung up after 8 bytes': [says(part('1.2', 8), 'hang up'), HUNG_UP],
    'A6: hung up a byte too early': [says(part('1.4', 16431), 'hang up'), HUNG_UP],
    'A9: of service -1': [refuses('1.2', {}, 0xffffffff), DENIED],
    'A9: of service -2': [refuses('1.4', {}, 0xfffffffe), DENIED],
    'A9: of service 2^31 - 1': [refuses('1.4', {}, 0x7fffffff), DENIED],
    'A9: of service 64': [refuses('1.2', {}, 64), DENIED],
    'B20: of service 2^32 - 1, which the originals took for none yet': [
      refuses('1.4', {}, 0xffffffff),
      DENIED,
    ],
    'A10: a path without an end': [nowhere({ control: full('c', 4096) }), MALFORMED],
    'A10: a path of 1.2 without an end': [
      says(setup('1.2', { ...NOWHERE, dispatch: full('d', 64) }), 'hang up'),
      HUNG_UP,
    ],
    'B1: no path': [nowhere({ request: '' }), MALFORMED],
    'B1: a relative path': [nowhere({ request: 'dev/shm/x' }), MALFORMED],
    'B1: a file elsewhere': [names(async () => '/etc/passwd'), NOT_ACCEPTED],
    'B1: a file above /dev/shm': [names(async () => '/dev/shm/../../etc/passwd'), NOT_ACCEPTED],
    'B1: a file below /dev/shm': [names(async () => '/dev/shm/a/b'), NOT_ACCEPTED],
    'B1: /dev/shm itself': [names(async () => '/dev/shm/'), NOT_ACCEPTED],
    'B1: a file that is not there': [names(async () => '/dev/shm/coroipc-nobody'), NOT_ACCEPTED],
    'B1: a link to another file': [names(linkElsewhere), NOT_ACCEPTED],
    'B1: a file of two names': [names(twoNames), NOT_ACCEPTED],
    'B18: a FIFO': [names(async (raw, path) => void (await raw.fifo(path))), NOT_ACCEPTED],
    'B18: a FIFO in 1.2': [
      names(async (raw, path) => void (await raw.fifo(path)), 'control', '1.2'),
      NOT_ACCEPTED,
    ],
    'B18: a directory': [
      names(async (raw, path) => void (await raw.directory(path))),
      NOT_ACCEPTED,
    ],
    'B18: a device': [names(async () => '/dev/zero'), NOT_ACCEPTED],
    'B2: a file smaller than it says': [
      names(async (raw, path) => void (await raw.file(path, 100))),
      NOT_ACCEPTED,
    ],
    'B2: an empty file': [
      names(async (raw, path) => void (await raw.file(path, 0)), 'dispatch'),
      NOT_ACCEPTED,
    ],
    'B3: a control buffer of 0': [refuses('1.4', { control: 0 }), NOT_ACCEPTED],
    'B3: a control buffer that is too small': [refuses('1.4', { control: 104 }), NOT_ACCEPTED],
    'B3: a request buffer of 0': [refuses('1.2', { request: 0 }), NOT_ACCEPTED],
    'B3: a request buffer of 15': [refuses('1.4', { request: 15 }), NOT_ACCEPTED],
    'B3: a response buffer of 23': [refuses('1.2', { response: 23 }), NOT_ACCEPTED],
    'B3: a dispatch ring of 0': [refuses('1.4', { dispatch: 0 }), NOT_ACCEPTED],
    'B3: a dispatch ring of part of a page': [refuses('1.2', { dispatch: 4000 }), NOT_ACCEPTED],
    'B3: a dispatch ring of 2^45': [refuses('1.4', { dispatch: 2n ** 45n }), TOO_LARGE],
    'B3: a dispatch ring of 2^64 - 4096': [refuses('1.2', { dispatch: -4096n }), TOO_LARGE],
    'B3: a request buffer of 2^64 - 1': [refuses('1.4', { request: -1n }), TOO_LARGE],
    'B3: a response buffer of 2^63': [refuses('1.2', { response: 2n ** 63n }), TOO_LARGE],
  },
);

attacks(
  'a classic setup that takes too long',
  { limits: { handshakeTimeoutMs: 700 } },
  {
    'A5: says nothing': [says(Buffer.alloc(0), 'wait'), TOO_LATE],
    'A5: says 303 bytes': [says(part('1.2', 303), 'wait'), TOO_LATE],
    'A5: says a setup of 1.4 but for a byte': [says(part('1.4', 16431), 'wait'), TOO_LATE],
  },
);

const both = (generation: Generation): Parameters<typeof attacks>[2] => ({
  'B5: a request of 0 bytes': [connected(generation, request(header(0, 2))), REQUEST],
  'B5: a request of 15 bytes': [connected(generation, request(header(15, 2))), REQUEST],
  'B5: a request of -1 bytes': [connected(generation, request(header(-1, 2))), REQUEST],
  'B5: a request of -2^31 bytes': [connected(generation, request(header(-(2 ** 31), 2))), REQUEST],
  'B5: a request of 2^31 - 1 bytes': [
    connected(generation, request(header(2 ** 31 - 1, 2))),
    REQUEST,
  ],
  'B5: a request a byte beyond its buffer': [
    connected(generation, request(header(PAGE + 1, 2))),
    REQUEST,
  ],
  'B6: a request of an id that nobody serves': [spared(generation, answered(header(16, 77))), {}],
  'B6: a request of id 0x300000': [spared(generation, answered(header(16, 0x300000))), {}],
  'B6: a request of id -4': [spared(generation, answered(header(16, -4))), {}],
  'B6: a request of id -2^31': [spared(generation, answered(header(16, -(2 ** 31)))), {}],
  'B6: a size that flips between right and 2^31 - 1': [
    connected(generation, flips(0, 20, 2 ** 31 - 1)),
    REQUEST,
  ],
  'B6: an id that flips between served and not': [
    spared(generation, flips(8, 2, 0x300000, 200)),
    {},
  ],
  'B7: an answer larger than its buffer': [spared(generation, tooLarge), {}],
  'B4: a read index of 2^28': [connected(generation, readIndex(2 ** 28)), DISPATCH],
  'B4: a read index of the size': [connected(generation, readIndex(PAGE)), DISPATCH],
  'B4: a read index of 2^32 - 1': [connected(generation, readIndex(2 ** 32 - 1)), DISPATCH],
  'B4: a read index that flips': [connected(generation, flipReadIndex), DISPATCH],
  'B4: a write index of 2^32 - 1, which nobody reads': [spared(generation, writeIndex), {}],
  'B2: a control buffer that is truncated': [
    connected(generation, truncated('control')),
    { log: /ends: / },
  ],
  'B2: a request buffer that is truncated': [connected(generation, truncated('request')), REQUEST],
  'B2: a response buffer that is truncated': [
    connected(generation, truncated('response')),
    { log: /ends: / },
  ],
  'B2: a dispatch ring that is truncated': [
    connected(generation, truncated('dispatch')),
    { log: /ends: / },
  ],
  'B14: garbage in every semaphore': [spared(generation, garbage), {}],
  'B15: byte 1 without what belongs behind it': [spared(generation, sends(Buffer.from([1]))), {}],
  'B15: byte 1, and half of what belongs behind it': [
    spared(generation, sends(Buffer.from([1, 0, 0, 0]))),
    {},
  ],
  'B16: half closed': [
    connected(generation, async (peer, raw) => void (await raw.shut(peer.socket))),
    GONE,
  ],
  'B17: a flood of posts': [spared(generation, postFlood), {}],
  'flooded with bytes of no meaning': [spared(generation, floods(Buffer.from([7]))), {}],
  'flooded with requests to flush': [spared(generation, floods(Buffer.from([2]))), {}],
  'a second setup': [spared(generation, sends(setup('1.2', NOWHERE))), {}],
  'B13: a message in a buffer at 0': [spared(generation, answered(zcbNamed(ZCB.execute, 0))), {}],
  'B13: a message in a buffer at 0x4141414141414141': [
    spared(generation, answered(zcbNamed(ZCB.execute, 0x4141414141414141n))),
    {},
  ],
  'B13: a message in a buffer that was freed': [spared(generation, freed), {}],
  'B13: a request for a message in a buffer that is cut off': [
    connected(generation, request(header(16, ZCB.execute))),
    REQUEST,
  ],
  'B13: the end of a buffer that is unknown': [
    spared(generation, answered(zcbNamed(ZCB.free, 64, 77))),
    {},
  ],
  'B13: a buffer of 0 bytes': [spared(generation, answered(zcbAlloc(0, '/dev/shm/x'))), {}],
  'B13: a buffer of 2^64 - 1 bytes': [
    spared(generation, answered(zcbAlloc(-1n, '/dev/shm/x'))),
    {},
  ],
  'B13: a buffer of a file that is not there': [
    spared(generation, answered(zcbAlloc(PAGE, '/dev/shm/coroipc-nobody'))),
    {},
  ],
  'B13: a buffer of a file elsewhere': [
    spared(generation, answered(zcbAlloc(PAGE, '/etc/passwd'))),
    {},
  ],
  'B13: a buffer of a path without an end': [
    spared(generation, answered(zcbAlloc(PAGE, full('p', 127)))),
    {},
  ],
  'B13: a buffer that is truncated': [connected(generation, truncatedBuffer), { log: /ends: / }],
  'B13: a message in a buffer larger than it': [spared(generation, inBuffer(PAGE)), {}],
  'B13: a message in a buffer of -1 bytes': [spared(generation, inBuffer(-1)), {}],
  'B13: a message in a buffer of 2^31 - 1 bytes': [spared(generation, inBuffer(2 ** 31 - 1)), {}],
  'B13: a message in a buffer whose id is that of another': [
    spared(generation, inBuffer(16, ZCB.execute)),
    {},
  ],
});

attacks('a classic client of 1.2', {}, both('1.2'));
attacks('a classic client of 1.4', {}, both('1.4'));

async function linkElsewhere(raw: Raw, path: string): Promise<undefined> {
  const victim = join(tmpdir(), `coroipc-faults-${process.pid}`);
  writeFileSync(victim, Buffer.alloc(PAGE, 'secret'));
  await raw.symlink(victim, path);
  setTimeout(() => {
    expect(readFileSync(victim)).toEqual(Buffer.alloc(PAGE, 'secret'));
    unlinkSync(victim);
  }, 0);
  return undefined;
}

async function twoNames(raw: Raw, path: string): Promise<undefined> {
  const other = shmPath('other');
  await raw.file(path, PAGE);
  await raw.link(path, other);
  // Gone when the test looks what is left: the server must have taken neither.
  setTimeout(() => unlinkSync(other), 300);
  return undefined;
}

/** Is answered, with an error. */
function answered(bytes: Uint8Array): Deed {
  return async (peer) => {
    await peer.request(bytes);
    expect((await peer.answer()).status).not.toBe(CS.OK);
  };
}

/** Calls again and again, while a word of the request flips under the server's eyes. */
function flips(at: number, right: number, wrong: number, most = 2000): Deed {
  return async (peer, raw) => {
    await raw.fill(peer.maps.request, 0, header(20, COMMAND.ECHO, Buffer.from('body')));
    await raw.flip({ map: peer.maps.request, at, width: 4 }, right, wrong);
    for (let call = 0; call < most; call++) {
      await peer.announce();
      if (call % 50 === 49 && (await raw.over(peer.socket, 1))) return;
    }
  };
}

async function tooLarge(peer: ClassicPeer): Promise<void> {
  await peer.request(header(PAGE, COMMAND.ECHO, Buffer.alloc(PAGE - 16)));
  expect((await peer.answer()).status).not.toBe(CS.OK);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

const burst = (count: number, bytes: number) => header(24, COMMAND.BURST, words(count, bytes));

function readIndex(value: number): Deed {
  return async (peer, raw) => {
    await raw.poke(peer.word(0), value);
    await peer.request(burst(1, 100));
  };
}

async function flipReadIndex(peer: ClassicPeer, raw: Raw): Promise<void> {
  await raw.flip(peer.word(0), 0, 2 ** 28);
  await peer.request(burst(2000, 100));
}

async function writeIndex(peer: ClassicPeer, raw: Raw): Promise<void> {
  await raw.poke(peer.word(4), 2 ** 32 - 1);
  await peer.request(burst(1, 100));
  expect((await peer.answer()).status).toBe(CS.OK);
  expect(await raw.peek(peer.word(4))).toBeLessThan(BigInt(PAGE));
}

function truncated(file: FileName): Deed {
  return async (peer, raw) => {
    await raw.fill(peer.maps.request, 0, burst(5, 100));
    if (file === 'control') await peer.announce();
    await raw.truncate(peer.files[file], 0);
    if (file !== 'control') await peer.announce();
    else await raw.trySend(peer.socket, Buffer.from([2]));
  };
}

async function garbage(peer: ClassicPeer, raw: Raw): Promise<void> {
  await raw.fill(peer.maps.request, 0, header(20, COMMAND.ECHO, Buffer.from('body')));
  for (let at = 8; at < 152; at += 4) await raw.poke(peer.word(at), 0x5a5a5a5a);
  await peer.announce();
  await raw.over(peer.socket, 50);
  for (let at = 8; at < 152; at += 4) await raw.poke(peer.word(at), 0);
}

function sends(bytes: Uint8Array): Deed {
  return (peer, raw) => raw.send(peer.socket, bytes);
}

function floods(bytes: Uint8Array): Deed {
  return async (peer, raw) => {
    expect(await raw.flood(peer.socket, bytes, 300)).toBe(-1);
  };
}

async function postFlood(peer: ClassicPeer, raw: Raw): Promise<void> {
  await raw.fill(peer.maps.request, 0, header(20, COMMAND.ECHO, Buffer.from('body')));
  await raw.flip(peer.word(LAYOUT[peer.generation].request), 1, 1000);
  await peer.announce();
  await raw.over(peer.socket, 200);
  await raw.still();
  await raw.poke(peer.word(LAYOUT[peer.generation].request), 0);
}

async function buffer(peer: ClassicPeer, raw: Raw): Promise<{ map: number; file: number }> {
  const path = shmPath('zerocopy');
  const file = await raw.file(path, PAGE);
  const map = await raw.map(file, PAGE, 'rw');
  await peer.request(zcbAlloc(PAGE, path));
  expect((await peer.answer()).status).toBe(CS.OK);
  return { map, file };
}

const handleIn = async (raw: Raw, map: number): Promise<bigint> =>
  (await raw.read(map, 8, 8)).readBigUInt64LE(0);

async function freed(peer: ClassicPeer, raw: Raw): Promise<void> {
  const handle = await handleIn(raw, (await buffer(peer, raw)).map);
  await peer.request(zcbNamed(ZCB.free, PAGE, handle));
  expect((await peer.answer()).status).toBe(CS.OK);
  await answered(zcbNamed(ZCB.execute, handle))(peer, raw);
  await answered(zcbNamed(ZCB.free, PAGE, handle))(peer, raw);
}

async function truncatedBuffer(peer: ClassicPeer, raw: Raw): Promise<void> {
  const { map, file } = await buffer(peer, raw);
  const handle = await handleIn(raw, map);
  await raw.fill(map, 16, header(2000, COMMAND.ECHO));
  await raw.truncate(file, 0);
  await peer.request(zcbNamed(ZCB.execute, handle));
  await peer.answer().catch(() => {});
  await raw.shut(peer.socket);
}

function inBuffer(size: number, id: number = COMMAND.ECHO): Deed {
  return async (peer, raw) => {
    const { map } = await buffer(peer, raw);
    await raw.fill(map, 16, header(size, id));
    await answered(zcbNamed(ZCB.execute, await handleIn(raw, map)))(peer, raw);
  };
}
