// A client process of the crowd: many connections, each connecting, talking and leaving again and
// again. node client.mjs OPTIONS, as JSON: { steady, mortal, connections, adapter, seed, first }.
// `first` is the number of its first connection; there is room for as many as it can make. Tells its
// parent what was wrong, and what there was, each second.
import { setTimeout as sleep } from 'node:timers/promises';
import { CoroIpcError, CS, IpcClient } from '@coroipc/core';
import { anyAdapterOf } from '../../conformance/cast.mjs';
import { block } from '../traffic.mjs';
import { chance } from './chance.mjs';
import { RING_BYTES, SERVICE, SPEAKS } from './commands.mjs';
import { Conversation } from './conversation.mjs';
import { add, NOTHING_WRONG } from './sequence.mjs';

const TELL_EVERY_MS = 1000;
const RETRY_MS = 50;

const options = JSON.parse(process.argv[2]);
const random = chance(options.seed);
const adapter = await anyAdapterOf(options.adapter);

const told = {
  /** Connections that were ended in peace, and so were judged whole. */
  lived: 0,
  /** Those that this process closed with calls under way. */
  left: 0,
  /** Those that ended with the mortal server. */
  bereft: 0,
  /** Attempts to connect that had to be repeated, by status. */
  retries: {},
  messages: 0,
  wrong: { ...NOTHING_WRONG },
  /** What should not have happened, in words. */
  broken: [],
};
let number = options.first;
let finishing = false;

// A handshake that is too slow since this process was stopped is no fault; nor is one that meets a
// flood, or a server that is not there yet again.
const MAY_FAIL = [CS.ERR_TRY_AGAIN, CS.ERR_TIMEOUT, CS.ERR_LIBRARY];
const mayFail = (error) => MAY_FAIL.some((status) => CoroIpcError.is(error, status));

async function connect(name, speaks) {
  while (!finishing) {
    try {
      return await IpcClient.connect({
        name,
        service: SERVICE,
        adapter,
        requestBytes: RING_BYTES,
        responseBytes: RING_BYTES,
        dispatchBytes: RING_BYTES,
        ...speaks,
      });
    } catch (error) {
      if (!mayFail(error)) throw error;
      told.retries[error.code] = (told.retries[error.code] ?? 0) + 1;
      await sleep(RETRY_MS + random(RETRY_MS));
    }
  }
  return undefined;
}

async function talk(client, conversation) {
  const until = performance.now() + 500 + random(15_000);
  await conversation.begin();
  while (performance.now() < until && !finishing) {
    await conversation.act();
    await sleep(random(80));
    if (random(2000) === 0) block(random(20));
  }
  if (!finishing && random(5) === 0) {
    conversation.leaveCalls();
    await client.close();
    add(told.wrong, conversation.faults());
    told.left += 1;
  } else {
    add(told.wrong, await conversation.end());
    await client.close();
    told.lived += 1;
  }
}

async function visit(speaks, mortal) {
  const client = await connect(mortal ? options.mortal : options.steady, speaks);
  if (client === undefined) return;
  number += 1;
  const conversation = new Conversation(client, number, random);
  try {
    await talk(client, conversation);
  } catch (error) {
    if (!mortal || !CoroIpcError.is(error, CS.ERR_LIBRARY)) throw error;
    add(told.wrong, conversation.faults());
    told.bereft += 1;
  } finally {
    told.messages += conversation.messages;
    await client.close();
  }
}

async function life(speaks) {
  while (!finishing) {
    const mortal = random(6) === 0;
    try {
      await visit(speaks, mortal);
    } catch (error) {
      const where = `${JSON.stringify(speaks)} over ${options.adapter}`;
      const server = mortal ? 'mortal' : 'steady';
      told.broken.push(`${where}, at the ${server} server: ${error?.stack}`);
    }
  }
}

const tell = () => process.send(told);
const telling = setInterval(tell, TELL_EVERY_MS);
process.on('message', () => {
  finishing = true;
});
process.on('disconnect', () => process.exit());

await Promise.all(
  Array.from({ length: options.connections }, (_, index) => life(SPEAKS[index % SPEAKS.length])),
);
clearInterval(telling);
process.send(told, () => process.exit());
