// Wrong arguments of every kind to every public function: a clear error, never a crash. The list
// of functions is compared with what the packages export, so none is forgotten.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually } from './machine.js';
import { SERVICE, startServer } from './services.js';
import { EVERY_WIRE, SPEAKS } from './wires.js';

const ARGUMENTS = fileURLToPath(new URL('./fixtures/arguments.mjs', import.meta.url));

interface Report {
  readonly calls: number;
  readonly accepted: Readonly<Record<string, readonly string[]>>;
  readonly unclear: readonly string[];
  readonly forgotten: readonly string[];
  readonly alive: boolean;
}

const STRINGS = [
  'an empty string',
  'a string',
  'a string with a NUL',
  'a lone surrogate',
  '200 bytes',
  '108 bytes of UTF-8',
];
const BYTES = ['an empty Uint8Array', 'zeros in a Uint8Array', 'ones in a Uint8Array'];
const FUNCTIONS = [
  'a function',
  'a function that throws',
  'a class',
  'a Proxy of a function that throws',
];
const OBJECTS = [
  'an empty object',
  'a Date',
  'a Map',
  'an ArrayBuffer',
  'a SharedArrayBuffer',
  'a view of a SharedArrayBuffer',
  'a detached buffer',
  'a resizable buffer that shrank',
  ...BYTES,
  'a Float64Array',
  'a DataView',
  'a Proxy of a Uint8Array',
  'getters that throw',
  'an object whose conversions throw',
  'an object of length 3',
  'an aborted signal',
  'an object without a prototype',
  'a Promise',
];
const ZERO = ['0', '-0'];
const ABSENT = ['undefined', 'null'];

/** What is right after all, by the last word of an argument's name; nothing for all others. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  name: ['a string'],
  socketName: ['a string'],
  service: ZERO,
  id: ZERO,
  size: ZERO,
  length: ZERO,
  headerSize: ZERO,
  revents: ZERO,
  fd: ZERO,
  events: ZERO,
  error: ['-1', ...ZERO],
  logSubsysId: [...ABSENT, ...ZERO],
  timeoutMs: [...ABSENT, '-1', ...ZERO],
  spinUs: [...ABSENT, ...ZERO],
  wire: ['undefined'],
  wires: ['undefined'],
  generation: ['undefined'],
  maxInFlight: ABSENT,
  serverUid: ['undefined', ...ZERO],
  inPlace: ['undefined', 'true'],
  mode: ['undefined', ...ZERO],
  owner: ['undefined', ...OBJECTS],
  uid: ['undefined', ...ZERO, '2**31'],
  gid: ['undefined', ...ZERO, '2**31'],
  requestBytes: ABSENT,
  responseBytes: ABSENT,
  dispatchBytes: ABSENT,
  maxQueueBytes: ['undefined', ...ZERO],
  maxZeroCopyBuffers: ['undefined', ...ZERO],
  maxWaiting: ['undefined', ...ZERO],
  maxWaitingBytes: ['undefined', ...ZERO],
  handshakeTimeoutMs: ['undefined'],
  maxConnections: ['undefined'],
  maxConnectionsPerUid: ['undefined'],
  maxHandshakes: ['undefined'],
  maxBytesPerConnection: ['undefined', '2**31', '2**32'],
  maxBufferBytes: ['undefined'],
  requestsPerTurn: ['undefined'],
  highWaterMark: ['undefined'],
  signal: ['undefined', 'an aborted signal'],
  server: ['undefined'],
  payload: ['undefined', ...STRINGS, ...BYTES, 'a view of a SharedArrayBuffer'],
  message: ['a view of a SharedArrayBuffer', ...BYTES.slice(1)],
  into: BYTES.slice(1),
  options: ['undefined', ...OBJECTS],
  limits: ['undefined', ...OBJECTS],
  definition: OBJECTS,
  overflow: ['undefined'],
  requests: ['undefined', ...OBJECTS],
  adapter: ['undefined'],
  fds: ['an empty array'],
};

/** Arguments that are functions, or are not there. */
const TAKES_FUNCTION =
  /(state\.(?!socketName|logSubsysId|limits|adapter|wires|mode|owner)\w+|authenticate|connect|disconnect|select|onReady|job|handler|sink\.\w+|requests\[3\])\)$/;
/** What takes any value whatever. */
const TAKES_ANYTHING =
  /^(CoroIpcError|statusName|statusText|coroipcs\.privateDataSet\(value|.*\(data\))/;

function wronglyAccepted({ accepted }: Report): string[] {
  return Object.entries(accepted).flatMap(([where, labels]) => {
    if (TAKES_ANYTHING.test(where)) return [];
    const word = /(\w+)\)$/.exec(where)?.[1] ?? '';
    const right = TAKES_FUNCTION.test(where) ? ['undefined', ...FUNCTIONS] : (RIGHT[word] ?? []);
    return labels
      .filter((label) => !right.includes(label) && !more(where).includes(label))
      .map((label) => `${where}: ${label}`);
  });
}

function more(where: string): readonly string[] {
  // Numbers in a header may be negative, but a message's id is as the API has it.
  if (/^encode.*\(id\)$/.test(where)) return ['-1'];
  return where === 'IpcServer.handle(id)' ? ['undefined'] : [];
}

describe('wrong arguments', () => {
  it.each(EVERY_WIRE)(
    'to every function are refused clearly, and the library lives on, over %s',
    async (over) => {
      const { name, server } = await startServer();
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        ARGUMENTS,
        name,
        String(SERVICE),
        JSON.stringify(SPEAKS[over]),
      ]);
      const report = JSON.parse(stdout) as Report;
      expect(stderr).toBe('');
      expect(report.unclear).toEqual([]);
      expect(report.forgotten).toEqual([]);
      expect(report.alive).toBe(true);
      expect(report.calls).toBeGreaterThan(5000);
      expect(wronglyAccepted(report)).toEqual([]);
      await eventually(() => {
        expect(server.count('disconnected')).toBe(server.count('connected'));
      });
      server.tell('close');
      expect((await server.ended()).outcome).toBe(0);
    },
  );
});
