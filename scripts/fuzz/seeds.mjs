// Honest scripts for the targets of native/fuzz, as their steps read them: what two peers say that
// keep to every rule. The fuzzer goes astray from there; without them it would have to find a whole
// handshake by chance.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

const u16 = (value) => [value & 255, value >> 8];
const u32 = (value) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value) => [...u32(value), 0, 0, 0, 0];
const times = (count, bytes) => Array.from({ length: count }, () => bytes).flat();

// The choices that say "as it should be" are 0 in every target.
const RIGHT = 0;
const TURN = 0;

const NAME = [...Buffer.from('coroipc')];
const HELLO = [
  ...[...NAME, 0x4e, ...u16(2), ...u16(2), ...u32(1)],
  ...[...u64(4096), ...u64(4096), ...u64(4096), ...u32(4), ...times(20, [0])],
];

const serverHandshake = {
  native: [2, RIGHT, RIGHT, ...u16(1), ...u64(4096), ...u32(4096), ...u32(4), TURN, 3, RIGHT, TURN],
  'native in bytes': [0, ...u16(64), ...HELLO, TURN, 3, RIGHT, TURN],
  'native in pieces': [
    ...[0, ...u16(8), ...HELLO.slice(0, 8), TURN],
    ...[0, ...u16(56), ...HELLO.slice(8), TURN, 3, RIGHT, TURN],
  ],
  'classic 1.2': [4, 0, ...u16(1), 0, 0, RIGHT, TURN],
  'classic 1.4': [4, 1, ...u16(1), 0, 0, RIGHT, TURN],
};

const attach = {
  'one ring': [0, ...u32(4096), ...u32(4096), ...u32(4096), 0, RIGHT],
  'two rings': [0, ...u32(8192), ...u32(4096), ...u32(4096), 1, RIGHT],
  buffer: [1, RIGHT, RIGHT],
  'named file': [2, RIGHT, RIGHT, 1],
};

const SEND = [0, ...u16(100)];
const LOOK = [3];
const DONE = [4];
const RESPOND = [5, 0, ...u16(100)];
const requests = {
  calls: times(3, [...SEND, ...LOOK, ...RESPOND, ...DONE, 7]),
  'calls in flight': [...times(4, SEND), ...times(4, [...LOOK, ...DONE]), ...times(4, RESPOND), 7],
  dispatch: [...times(4, [6, ...u16(2000)]), 8, 7, 7, 7, 9, 1],
  'raw records': times(3, [1, ...u16(40), RIGHT, ...LOOK, ...DONE, ...RESPOND]),
};

const responses = {
  calls: times(3, [4, ...u16(100), 0, ...u16(100), ...u16(200), 5, 6, 7, 8]),
  'raw records': [
    4,
    ...u16(100),
    1,
    0,
    ...u16(40),
    RIGHT,
    5,
    6,
    2,
    ...u16(40),
    RIGHT,
    7,
    8,
    9,
    7,
    7,
  ],
};

// An offer of buffer 0, a message in it, and its way back; at the server's end, then the client's.
const OFFER = [0, 0, 0, 0, 0, RIGHT, RIGHT, 2];
const IN_BUFFER = [3, 0, 0, 0, 0, 0, 5, 6];
const WITHDRAW = [0, 2, 0, 0, 0, 2];
const MAKE = [7, 0, 0, 2];
const zeroCopy = {
  'from the client': [0, ...OFFER, ...times(3, [...IN_BUFFER, 10]), ...WITHDRAW],
  'from the server': [1, ...OFFER, ...times(3, [...IN_BUFFER, 10]), ...WITHDRAW],
  'the server makes one': [0, ...MAKE, 9, 0, 0, ...u16(100), 8, 0],
  'the client makes one': [1, ...MAKE, 9, 0, 0, ...u16(100), 8, 0],
};

const CLASSIC_REQUEST = [0, 3, 4, RIGHT, RIGHT];
const CLASSIC_ZERO_COPY = [
  ...[0, 0, RIGHT, RIGHT, 0, RIGHT, 3],
  ...times(2, [0, 2, RIGHT, RIGHT, 3, 4, ...u16(100)]),
  ...[0, 1, RIGHT, 3],
];
const classic = Object.fromEntries(
  [0, 1].flatMap((generation) => [
    [`server ${generation}`, [0, generation, ...times(3, [...CLASSIC_REQUEST, 3, 4, ...u16(100)])]],
    [
      `server dispatch ${generation}`,
      [0, generation, ...times(3, [5, ...u16(2000), 0]), 11, 9, 6, 1, 2],
    ],
    [`server zero-copy ${generation}`, [0, generation, ...CLASSIC_ZERO_COPY]],
    [
      `client ${generation}`,
      [1, generation, ...times(3, [7, ...u16(100), 0, RIGHT, 4, 1, RIGHT, RIGHT, 0, 5, 6])],
    ],
  ]),
);

const CONNECT = [0, 0, 1, 4, RIGHT, RIGHT, 0, 1, RIGHT];
const CALL = [160, 6, ...u16(100), RIGHT, 0, 15];
const CLASSIC = (generation) => [1, 2, generation, 1, RIGHT];
const CLASSIC_CALL = [1, 6, 3, 4, RIGHT, RIGHT];
const host = (...step) => [208, 0, ...step];
const sessions = {
  native: [...CONNECT, ...times(3, CALL), 0, 11, 200],
  'native, answered later': [
    ...[208, 0, 0, 1, ...u16(100)],
    ...[...CONNECT, ...CALL, 208, 0, 1, ...u16(100), 0, 11],
  ],
  'native dispatch': [
    ...CONNECT,
    ...host(2, 7, ...u16(1000)),
    0,
    11,
    ...host(2, 7, ...u16(1000)),
    0,
    11,
  ],
  'native zero-copy': [...CONNECT, 0, 9, 0, 0, 0, 0, 0, RIGHT, 160, 8, 0, 0, 0, 0, 0, 0, 15],
  'classic 1.2': [...CLASSIC(0), ...times(3, CLASSIC_CALL), ...host(2, 7, ...u16(1000)), 1, 11],
  'classic 1.4': [...CLASSIC(1), ...times(3, CLASSIC_CALL), ...host(2, 7, ...u16(1000)), 1, 11],
  'classic zero-copy': [
    ...[...CLASSIC(1), 1, 6, 0, RIGHT, RIGHT, 0, RIGHT],
    ...[...times(2, [1, 6, 2, RIGHT, RIGHT]), 1, 6, 1, RIGHT],
  ],
  'read late': [208, 0, 0, 6, ...u16(100), ...CONNECT, ...CALL, ...CLASSIC(1), ...CLASSIC_CALL],
};

const SHAKE_HANDS = [0, 2, RIGHT, RIGHT, RIGHT, RIGHT, 3, RIGHT];
const NATIVE_CALL = [1, 0, ...u16(100), 0, 5, 0, ...u16(40), RIGHT, 1, 1, 1, 3];
const clientSessions = {
  native: [...SHAKE_HANDS, ...NATIVE_CALL, 0, 6, ...u16(40), RIGHT, 1, 5, 1, 7],
  'native zero-copy': [
    ...[...SHAKE_HANDS, 0, 8, 0, 0, 0, 0, 0, RIGHT, 1, 8],
    ...[0, 7, 1, 0, 0, 0, 0, 0, 1, 5, 1, 12, 1, 1, 12, 2, 0],
  ],
  'native, several': [
    ...[...SHAKE_HANDS, ...times(3, [0, 6, ...u16(40), RIGHT])],
    ...[1, 14, ...u16(600), 7, 1, 14, ...u16(600), 7],
  ],
  'native, own buffers': [...SHAKE_HANDS, 1, 13, 0, 0, 8, 1, 0, 0, 1, 1, 13, 0, 1, 13, 2, 0, 0],
  'classic 1.2': [
    1,
    2,
    RIGHT,
    1,
    0,
    ...u16(100),
    0,
    5,
    RIGHT,
    1,
    1,
    1,
    3,
    0,
    7,
    RIGHT,
    RIGHT,
    0,
    1,
    5,
    1,
    7,
  ],
  'classic 1.4': [
    2,
    2,
    RIGHT,
    1,
    0,
    ...u16(100),
    0,
    5,
    RIGHT,
    1,
    1,
    1,
    3,
    0,
    7,
    RIGHT,
    RIGHT,
    1,
    1,
    5,
    1,
    7,
  ],
};

const SEEDS = {
  attach,
  classic,
  requests,
  responses,
  sessions,
  'client-sessions': clientSessions,
  'server-handshake': serverHandshake,
  'zero-copy': zeroCopy,
};

/** Writes the seeds of a target into a directory of their own, a file each. */
export function writeSeeds(target, directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of Object.entries(SEEDS[target] ?? {})) {
    writeFileSync(`${directory}/${name.replaceAll(/[^\w.]+/g, '-')}`, Buffer.from(bytes));
  }
}
