// What is sent, and the connection that it is sent over.
import { FILL } from '../commands.mjs';

// The default of connect, which with its header just takes no MiB.
const ROOM = 64 * 1024;
const HEADERS = 1024;
const payloads = new Map();
const clients = new Map();

/** A payload of so many bytes. */
export function payloadOf(bytes) {
  if (!payloads.has(bytes)) payloads.set(bytes, Buffer.alloc(bytes, FILL));
  return payloads.get(bytes);
}

/** The connection for payloads of so many bytes: that of everything else, where its buffers do. */
export async function clientFor({ client, connect }, bytes) {
  if (bytes <= ROOM) return client;
  if (!clients.has(bytes)) {
    const buffers = { requestBytes: bytes + HEADERS, responseBytes: bytes + HEADERS };
    clients.set(bytes, await connect(buffers));
  }
  return clients.get(bytes);
}
