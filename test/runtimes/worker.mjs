// One side of a connection in a worker thread: a server, or a client that does one thing for as
// long as it lasts. It posts "ready" or "at it", and the code of the error that ends it.
import { parentPort, workerData } from 'node:worker_threads';
import { CoroIpcError, coroipcc, encodeRequest, IpcClient, IpcServer } from '@coroipc/core';
import { COMMAND, SERVICE } from './server.mjs';

const { role, name } = workerData;
const post = (what) => parentPort.postMessage(what);

const roles = {
  async server() {
    const server = new IpcServer({ name });
    server.service(SERVICE, { requests: { [COMMAND.ECHO]: ({ payload }) => payload } });
    await server.listen();
    post('ready');
    await new Promise((resolve) => parentPort.once('message', resolve));
    await server.close();
    parentPort.close();
  },
  async callSync() {
    const client = await IpcClient.connect({ name, service: SERVICE });
    for (let count = 0; ; count++) {
      if (client.callSync(COMMAND.ECHO, 'x').length !== 1) throw new Error('a wrong answer');
      if (count === 100) post('at it');
    }
  },
  async call() {
    const client = await IpcClient.connect({ name, service: SERVICE });
    for (let count = 0; ; count++) {
      if ((await client.call(COMMAND.ECHO, 'x')).length !== 1) throw new Error('a wrong answer');
      if (count === 100) post('at it');
    }
  },
  async blocked() {
    const client = await IpcClient.connect({ name, service: SERVICE });
    post('at it');
    client.callSync(COMMAND.SILENCE);
  },
  async pending() {
    const client = await IpcClient.connect({ name, service: SERVICE });
    post('at it');
    await client.call(COMMAND.SILENCE);
  },
  async dispatches() {
    const client = await IpcClient.connect({ name, service: SERVICE });
    await client.call(COMMAND.STREAM);
    let count = 0;
    for await (const { payload } of client.dispatches()) {
      if (payload.length !== 1000) throw new Error('a wrong message');
      count++;
      if (count === 100) post('at it');
    }
  },
  async dispatchGet() {
    const handle = coroipcc.serviceConnect(name, SERVICE, 65536, 65536, 65536);
    coroipcc.msgSendReplyReceive(handle, encodeRequest(COMMAND.STREAM));
    for (let count = 0; ; count++) {
      coroipcc.dispatchGet(handle);
      coroipcc.dispatchPut(handle);
      if (count === 100) post('at it');
    }
  },
};

try {
  await roles[role]();
} catch (error) {
  post(CoroIpcError.is(error) ? error.code : String(error));
}
