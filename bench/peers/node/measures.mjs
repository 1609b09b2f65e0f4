// The measurements, over any transport, by the name of their case. What a transport gives its caller:
//
//   payloads               BYTES or TEXT
//   call(payload)          promises the answer; several may be in flight
//   callSync(payload)      blocks until the answer is there; undefined where nothing can
//   subscribe(take, subscribers)
//                          hands one-way messages to `take`: those to this connection (0), or those
//                          to so many further ones. Promises how to end it
//   drain(count)           only where messages do not come by themselves: takes so many, and blocks
//   oneProcess             whether the server is a thread of this process
import { countFor } from '../../caller/grow.mjs';
import { keepInFlight, lanesOf } from '../../caller/in-flight.mjs';
import { paced as sendPaced } from '../../caller/paced.mjs';
import { awaitFor, awaitRested, callFor, callRested } from '../../caller/sequence.mjs';
import { timesOf } from '../../caller/times.mjs';
import { commandOf, cpuUs } from './answer.mjs';

/** Gives the server a command, and what it says to that. */
async function command(client, order) {
  const request = commandOf(client.payloads, order);
  const answer = client.callSync ? client.callSync(request) : await client.call(request);
  return JSON.parse(client.payloads.text(answer));
}

async function cpuOfBoth(client) {
  const { cpuUs: server } = await command(client, {});
  return client.oneProcess ? cpuUs() : cpuUs() + server;
}

/** Begins; the function that it gives tells the rate and the price of `count` operations. */
async function meter(client) {
  const cpu = await cpuOfBoth(client);
  const start = performance.now();
  return async (count) => {
    const tookMs = performance.now() - start;
    const usedUs = (await cpuOfBoth(client)) - cpu;
    // Of a schedule that could not be kept, nothing may have been answered in time.
    const cpuNsPerOp = count === 0 ? null : (usedUs * 1000) / count;
    return { perSecond: (count * 1000) / tookMs, cpuNsPerOp };
  };
}

/** A payload, of which it was seen that it comes back as it is. */
async function echoed(client, bytes) {
  const payload = client.payloads.of(bytes);
  const answer = client.callSync ? client.callSync(payload) : await client.call(payload);
  const { look } = client.payloads;
  if (answer.length !== bytes || look(answer) !== look(client.payloads.of(bytes))) {
    throw new Error('other bytes came back');
  }
  return client.payloads.of(bytes);
}

async function syncCall(client, { payload, warmMs, ms }) {
  const sent = await echoed(client, payload);
  const repeat = client.callSync
    ? (forMs) => callFor(() => client.callSync(sent), forMs)
    : (forMs) => awaitFor(() => client.call(sent), forMs);
  await repeat(warmMs);
  const end = await meter(client);
  const count = await repeat(ms);
  return { ...(await end(count)), ...timesOf(count) };
}

async function wake(client, { payload, pauseUs, warmMs, ms }) {
  const sent = await echoed(client, payload);
  const repeat = client.callSync
    ? (forMs) => callRested(() => client.callSync(sent), forMs, pauseUs)
    : (forMs) => awaitRested(() => client.call(sent), forMs, pauseUs);
  await repeat(warmMs);
  const end = await meter(client);
  const count = await repeat(ms);
  return { ...(await end(count)), ...timesOf(count) };
}

async function pipelined(client, { payload, inFlight, warmMs, ms }) {
  const sent = await echoed(client, payload);
  const lanes = lanesOf(() => client.call(sent), inFlight);
  await keepInFlight(lanes, warmMs);
  const end = await meter(client);
  const { count, timed } = await keepInFlight(lanes, ms);
  return { ...(await end(count)), ...timesOf(timed) };
}

async function paced(client, { payload, rate, warmMs, ms }) {
  const sent = await echoed(client, payload);
  const call = () => client.call(sent);
  await sendPaced(call, rate, warmMs);
  const end = await meter(client);
  const { due, answered } = await sendPaced(call, rate, ms);
  return { ...(await end(answered)), ...timesOf(due) };
}

const FIRST = 256;

/** Receives messages for about `ms`, once it is known how many that are. */
async function receiveFor(client, bytes, subscribers, effort) {
  const { look, of } = client.payloads;
  const each = look(of(bytes));
  const heads = Math.max(1, subscribers);
  let rest = 0;
  let sum = 0;
  let done;
  const take = (payload) => {
    sum += look(payload);
    rest -= 1;
    if (rest === 0) done();
  };
  const receive = async (count) => {
    const all = new Promise((resolve) => {
      done = resolve;
    });
    rest = count * heads;
    sum = 0;
    const start = performance.now();
    await command(client, { count, bytes, subscribers });
    client.drain?.(count);
    await all;
    if (sum !== count * heads * each) throw new Error('messages came with another content');
    return performance.now() - start;
  };

  const end = await client.subscribe(take, subscribers);
  const asked = await countFor(receive, Math.ceil(FIRST / heads), effort);
  const finish = await meter(client);
  await receive(asked);
  const result = await finish(asked * heads);
  await end();
  return result;
}

async function dispatch(client, { payload, form, ...effort }) {
  return form === 'handler' ? receiveFor(client, payload, 0, effort) : [];
}

async function fanOut(client, { payload, subscribers, ...effort }) {
  return receiveFor(client, payload, subscribers, effort);
}

export const MEASURES = { syncCall, wake, pipelined, dispatch, fanOut, paced };
