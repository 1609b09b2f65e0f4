// A server in the manner of coroipc_overview(8): the library asks for descriptors to be watched,
// and a loop of our own calls it back. No adapter, no thread, no promise: poll(2), as in C.
//
//   node examples/c-style/server.mjs [socket name]
//
// Then client.mjs in other terminals; client.mjs --stop ends it. The wire is the native one:
// `wires: ['native', 'classic']` would let in clients of corosync's, too.

import { CS, coroipcs, encodeResponse, POLLIN, poll, REQUEST_HEADER_BYTES } from '@coroipc/core';

const [socketName = 'coroipc-c-style'] = process.argv.slice(2);
const SERVICE = 1;
const COMMANDS = { greet: 1, count: 2, stop: 3 };
const COUNTED = 10; // the id of the dispatch messages

/** @typedef {import('@coroipc/core').IpcsConnection} Connection */
/** @typedef {{ fd: number, events: number, context?: import('@coroipc/core').IpcsContext }} Watched */

// The descriptors that are watched: what is asked of each, and what goes back to the library with
// it. Only the listening one has no context.
/** @type {Map<number, Watched>} */
const table = new Map();
let running = true;

// A connection's private data: how many calls came by it.
/** @param {Connection} conn */
const callsOf = (conn) => /** @type {Buffer} */ (coroipcs.privateDataGet(conn));

/** @param {Connection} conn */
function called(conn) {
  const calls = callsOf(conn);
  calls.writeUInt32LE(calls.readUInt32LE() + 1);
}

// The functions of the commands: each gets the whole request, and sends one whole response.
/** @type {Record<number, import('@coroipc/core').HandlerFunction>} */
const functions = {
  [COMMANDS.greet]: (conn, message) => {
    called(conn);
    const greeting = `Hello, ${message.subarray(REQUEST_HEADER_BYTES)}!`;
    coroipcs.responseSend(conn, encodeResponse(COMMANDS.greet, CS.OK, greeting));
  },
  [COMMANDS.count]: (conn, message) => {
    called(conn);
    const upTo = message.readUInt32LE(REQUEST_HEADER_BYTES);
    coroipcs.responseSend(conn, encodeResponse(COMMANDS.count, CS.OK));
    for (let number = 1; number <= upTo; number += 1) {
      coroipcs.dispatchSend(conn, encodeResponse(COUNTED, CS.OK, String(number)));
    }
  },
  [COMMANDS.stop]: (conn) => {
    called(conn);
    coroipcs.responseSend(conn, encodeResponse(COMMANDS.stop, CS.OK));
    running = false;
  },
};

const server = coroipcs.ipcInit({
  socketName,

  // The poll system. The library never calls back out of these.
  pollAcceptAdd: (fd) => void table.set(fd, { fd, events: POLLIN }),
  pollDispatchAdd: (fd, context) => void table.set(fd, { fd, events: POLLIN, context }),
  pollDispatchModify: (fd, events) => void Object.assign(table.get(fd) ?? {}, { events }),
  pollDispatchDestroy: (fd) => void table.delete(fd),

  // Who may connect, and to what.
  securityValid: (uid) => uid === 0 || uid === process.geteuid?.(),
  serviceAvailable: (service) => service === SERVICE,

  // What runs when: the selectors.
  privateDataSizeGet: () => 4,
  initFnGet: () => () => console.log('connected'),
  exitFnGet: () => (conn) =>
    console.log(`disconnected after ${callsOf(conn).readUInt32LE()} calls`),
  handlerFnGet: (_service, id) => functions[id],
});
console.log('listening');

// The loop: poll(2), then one of the library's two functions for each descriptor that is ready.
function turn() {
  const watched = [...table.values()];
  const found = poll(watched, -1);
  for (const [index, entry] of watched.entries()) {
    const revents = found[index] ?? 0;
    // An earlier call of this turn may have ended the watch.
    if (revents !== 0 && table.get(entry.fd) === entry) serve(entry, revents);
  }
}

/** @param {Watched} watched @param {number} revents */
function serve({ fd, context }, revents) {
  try {
    if (context === undefined) coroipcs.handlerAccept(fd, revents);
    // -1: the descriptor is closed already, and has no place in the table any more.
    else if (coroipcs.handlerDispatch(fd, revents, context) === -1) table.delete(fd);
  } catch (error) {
    // From a function of ours; the request that made it throw is answered with an error already.
    console.error(error);
  }
}

while (running) turn();
// Connections end, their disconnect functions run; -1 says that one of them is busy still.
while (coroipcs.ipcExit(server) === -1) turn();
console.log('closed');
