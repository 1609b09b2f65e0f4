// What the crowd says: messages that each carry whose they are, which stream they belong to, their
// number in it and a checksum over all of that and their bytes. Whoever gets one knows without being
// told whether it is whole, and whether it is the one that was due.
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 20;
const AT = { connection: 0, stream: 4, number: 8, size: 12, sum: 16 };
const POOL_BYTES = 1 << 16;
/** The largest body. */
export const MOST_BODY_BYTES = 6000;

const pool = Buffer.alloc(POOL_BYTES + MOST_BODY_BYTES);
for (let at = 0, state = 0x2545f491; at < pool.length - 3; at += 4) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  pool.writeInt32LE(state, at);
}

/** The streams of a connection. */
export const STREAM = { CALL: 1, SYNC: 2, HASTY: 3, PLACED: 4, DISPATCH: 5, ANSWER: 16 };

// Mostly small, some of a page, now and then the largest.
function bodyBytes(number) {
  const hash = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b) >>> 8;
  const most = number % 97 === 0 ? MOST_BODY_BYTES : number % 11 === 0 ? 2000 : 200;
  return hash % (most + 1);
}

function sumOf(message) {
  return crc32(message.subarray(HEADER_BYTES), crc32(message.subarray(0, AT.sum)));
}

/** The message of a connection's stream that has this number. */
export function numbered(connection, stream, number) {
  const size = bodyBytes(number);
  const message = Buffer.allocUnsafe(HEADER_BYTES + size);
  message.writeUInt32LE(connection, AT.connection);
  message.writeUInt32LE(stream, AT.stream);
  message.writeUInt32LE(number, AT.number);
  message.writeUInt32LE(size, AT.size);
  const start = Math.imul(number, 40503) & (POOL_BYTES - 1);
  pool.copy(message, HEADER_BYTES, start, start + size);
  message.writeUInt32LE(sumOf(message), AT.sum);
  return message;
}

/** The number of a message of this stream; undefined for what was changed, or is another's. */
export function numberOf(connection, stream, message) {
  if (message.length < HEADER_BYTES) return undefined;
  const whole =
    message.readUInt32LE(AT.size) === message.length - HEADER_BYTES &&
    message.readUInt32LE(AT.sum) === sumOf(message);
  if (!whole || message.readUInt32LE(AT.connection) !== connection) return undefined;
  return message.readUInt32LE(AT.stream) === stream ? message.readUInt32LE(AT.number) : undefined;
}
