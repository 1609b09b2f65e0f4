// What the host's own timers notice of the traffic: a chain of timers of 1 ms on one side, and how
// much later than that they run. What is measured is the delay; the rate is that of the traffic.
import { setTimeout as sleep } from 'node:timers/promises';
import { keepInFlight, lanesOf } from '../../../caller/in-flight.mjs';
import { ECHO, PAYLOAD, TIMER_START, TIMER_STOP } from '../commands.mjs';
import { TimerChain } from '../timer-chain.mjs';
import { hush, publish, WITHOUT_END } from './dispatch.mjs';
import { payloadOf } from './payloads.mjs';

const IN_FLIGHT = 64;

const startThere = (client) => client.callSync(TIMER_START);
const stopThere = (client) => JSON.parse(client.callSync(TIMER_STOP).toString());

async function serverAtRest(client, ms) {
  startThere(client);
  await sleep(ms);
  return { ...stopThere(client), perSecond: 0 };
}

async function serverUnderCalls(client, ms) {
  startThere(client);
  const payload = payloadOf(PAYLOAD);
  const lanes = lanesOf(() => client.call(ECHO, payload), IN_FLIGHT);
  const { count } = await keepInFlight(lanes, ms);
  return { ...stopThere(client), perSecond: (count * 1000) / ms };
}

async function clientUnderDispatch(client, ms) {
  let count = 0;
  const onDispatch = () => {
    count += 1;
  };
  client.on('dispatch', onDispatch);
  publish(client, WITHOUT_END, PAYLOAD);
  const chain = new TimerChain();
  await sleep(ms);
  const delays = chain.stop();
  const perSecond = (count * 1000) / ms;
  hush(client);
  await untilQuiet(() => count);
  client.off('dispatch', onDispatch);
  return { ...delays, perSecond };
}

// What was on its way has to be consumed, or the next measurement would get it.
async function untilQuiet(count) {
  for (let before = -1; count() !== before; ) {
    before = count();
    await sleep(20);
  }
}

const SIDES = { serverAtRest, serverUnderCalls, clientUnderDispatch };

export const timer = ({ client }, { ms, side }) => SIDES[side](client, ms);
