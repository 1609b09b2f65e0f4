// A client in the manner of coroipc_overview(8): no initialisation, calls that block, and a
// descriptor to wait on for dispatch messages.
//
//   node examples/c-style/client.mjs [--stop] [socket name]     while server.mjs runs
//
// --stop ends the server as well. The wire is the native one: `{ wire: 'classic' }` at the end of
// serviceConnect would speak to a server of corosync's.

import {
  CS,
  coroipcc,
  decodeResponse,
  encodeRequest,
  POLLIN,
  poll,
  REQUEST_HEADER_BYTES,
  RESPONSE_HEADER_BYTES,
  statusName,
} from '@coroipc/core';

const stop = process.argv[2] === '--stop';
const [socketName = 'coroipc-c-style'] = process.argv.slice(stop ? 3 : 2);
const SERVICE = 1;
const COMMANDS = { greet: 1, count: 2, stop: 3 };
const BYTES = 65536;
const COUNT = 5;

const handle = coroipcc.serviceConnect(socketName, SERVICE, BYTES, BYTES, BYTES);

// One request in two parts, one response: its header says how it went.
const name = Buffer.from('shared memory');
const header = encodeRequest(COMMANDS.greet, name).subarray(0, REQUEST_HEADER_BYTES);
const response = coroipcc.msgSendReplyReceive(handle, [header, name]);
const { error } = decodeResponse(response);
if (error !== CS.OK) throw new Error(`greet: ${statusName(error)}`);
console.log(response.subarray(RESPONSE_HEADER_BYTES).toString());

// Dispatch messages: wait on the descriptor, look at the message where it lies, give it back.
const upTo = Buffer.alloc(4);
upTo.writeUInt32LE(COUNT);
coroipcc.msgSendReplyReceive(handle, [encodeRequest(COMMANDS.count, upTo)]);
const fd = coroipcc.fdGet(handle);
for (let got = 0; got < COUNT; ) {
  poll([{ fd, events: POLLIN }], -1);
  const message = coroipcc.dispatchGet(handle, 0);
  if (message === undefined) continue; // it was not a message that made the descriptor readable
  console.log(`dispatch message ${message.subarray(RESPONSE_HEADER_BYTES)}`);
  coroipcc.dispatchPut(handle);
  got += 1;
}

if (stop) coroipcc.msgSendReplyReceive(handle, [encodeRequest(COMMANDS.stop)]);
coroipcc.serviceDisconnect(handle);
