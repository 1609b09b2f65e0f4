// zeromq.js over ipc://: DEALER and ROUTER for calls, PUSH and PULL for messages to one, XPUB (which
// is PUB that tells who subscribed) and SUB for those to many.
//
// REQ and REP, and two DEALERs, were as fast for one call at a time, and can do nothing else.
//
// As its documentation has it: one context, sends awaited one after the other, receivers as `for
// await`. Nothing is lost: PUSH waits at its high-water mark, XPUB with `noDrop`
// refuses what it has no room for.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Dealer, Pull, Push, Router, Subscriber, XPublisher } from 'zeromq';
import { answerTo } from '../answer.mjs';
import { InOrder } from '../in-order.mjs';
import { BYTES } from '../payloads.mjs';

// Messages that may wait on either side. It is the default: ten times fewer or a hundred times more
// made nothing faster.
const MARK = 1000;
const sends = { sendHighWaterMark: MARK };
const receives = { receiveHighWaterMark: MARK };
const marks = { ...sends, ...receives };

const SUBSCRIBED = 1;

function stop(error) {
  setImmediate(() => {
    throw error;
  });
}

/** Follows who subscribes; `count` is how many do. */
function followSubscribers(publisher) {
  const followed = { count: 0 };
  const follow = async () => {
    for await (const [event] of publisher) followed.count += event[0] === SUBSCRIBED ? 1 : -1;
  };
  follow().catch(stop);
  return followed;
}

/**
 * A full XPUB says so instead of waiting: it refused the message for all, and is asked again. PUSH
 * waits by itself.
 */
async function sendWithoutLoss(socket, message) {
  for (;;) {
    try {
      await socket.send(message);
      return;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      await sleep(1);
    }
  }
}

export async function serve({ address }) {
  const router = new Router(marks);
  const push = new Push(sends);
  const publisher = new XPublisher({ ...sends, noDrop: true, verbosity: 'allSubsUnsubs' });
  await router.bind(`ipc://${address}`);
  await push.bind(`ipc://${address}-push`);
  await publisher.bind(`ipc://${address}-pub`);
  const followed = followSubscribers(publisher);

  const publish = async (message, { count, subscribers }) => {
    await turn();
    while (followed.count !== subscribers) await turn();
    const socket = subscribers === 0 ? push : publisher;
    for (let sent = 0; sent < count; sent += 1) await sendWithoutLoss(socket, message);
  };
  const answerAll = async () => {
    for await (const [caller, request] of router) {
      await router.send([
        caller,
        answerTo(request, BYTES, (...args) => publish(...args).catch(stop)),
      ]);
    }
  };
  answerAll().catch(stop);
}

/** Sends what it is given, one after the other: a socket takes a message when the last has gone. */
class Outbox {
  #socket;
  #waiting = [];
  #sending = false;

  constructor(socket) {
    this.#socket = socket;
  }

  send(message) {
    this.#waiting.push(message);
    if (!this.#sending) this.#sendAll().catch(stop);
  }

  async #sendAll() {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const message of batch) await this.#socket.send(message);
    }
    this.#sending = false;
  }
}

/** Hands all that `socket` receives to `take`, until the socket is closed. */
async function receiveAll(socket, take) {
  for await (const [message] of socket) take(message);
}

export async function connect({ address }) {
  const dealer = new Dealer(marks);
  dealer.connect(`ipc://${address}`);
  const pull = new Pull(receives);
  pull.connect(`ipc://${address}-push`);

  const answers = new InOrder();
  const outbox = new Outbox(dealer);
  receiveAll(dealer, (message) => answers.answer(message)).catch(stop);
  let take;
  receiveAll(pull, (message) => take(message)).catch(stop);
  return {
    payloads: BYTES,
    call(payload) {
      outbox.send(payload);
      return answers.next();
    },
    async subscribe(to, subscribers) {
      take = to;
      const others = Array.from({ length: subscribers }, () => new Subscriber(receives));
      for (const other of others) {
        other.connect(`ipc://${address}-pub`);
        other.subscribe();
        receiveAll(other, to).catch(stop);
      }
      return async () => {
        for (const other of others) other.close();
      };
    },
  };
}
