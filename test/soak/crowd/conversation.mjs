// One connection's talk with a server of the crowd: bursts of calls, blocking ones, hasty ones that
// are given up, ones in zero-copy buffers, while numbered dispatch messages come. At its end both
// sides' numbers are held against each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { CoroIpcError, CS } from '@coroipc/core';
import { COMMAND, STUCK_MS } from './commands.mjs';
import { MOST_BODY_BYTES, numbered, numberOf, STREAM } from './numbered.mjs';
import { add, NOTHING_WRONG, Sequence } from './sequence.mjs';

const patient = { timeoutMs: STUCK_MS };

export class Conversation {
  #client;
  #number;
  #random;
  #subscription;
  #dispatches;
  #buffer;
  #sent = { [STREAM.CALL]: 0, [STREAM.SYNC]: 0, [STREAM.HASTY]: 0, [STREAM.PLACED]: 0 };
  #givenUp = 0;
  #wrong = { ...NOTHING_WRONG };

  constructor(client, number, random) {
    this.#client = client;
    this.#number = number;
    this.#random = random;
    this.#dispatches = new Sequence(number, STREAM.DISPATCH);
    this.#subscription = client.onMessage({
      message: ({ payload }) => void this.#dispatches.take(payload),
    });
  }

  /** How many requests, answers and dispatch messages there were so far. */
  get messages() {
    const sent = Object.values(this.#sent).reduce((sum, count) => sum + count, 0);
    return 2 * sent + this.#dispatches.count;
  }

  async begin() {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(this.#number);
    await this.#client.call(COMMAND.BEGIN, number, patient);
    if (this.#client.wire === 'native') {
      this.#buffer = await this.#client.createBuffer(MOST_BODY_BYTES + 64);
    }
  }

  /** Does one thing or another. */
  async act() {
    const what = this.#random(20);
    if (what < 12) await this.#calls(1 + this.#random(40));
    else if (what < 14) for (let left = this.#random(5); left > 0; left--) this.#sync();
    else if (what < 16) await this.#hasty(1 + this.#random(8));
    else if (what < 18) await this.#placed();
    else await this.#pause(this.#random(100));
  }

  /** Ends it in peace, and tells what was wrong with it. */
  async end() {
    const answer = await this.#client.call(COMMAND.END, undefined, patient);
    const { counts, poured } = JSON.parse(answer.toString());
    const patience = performance.now() + STUCK_MS;
    while (this.#dispatches.count < poured && performance.now() < patience) await sleep(5);
    for (const stream of [STREAM.CALL, STREAM.SYNC, STREAM.PLACED]) {
      this.#compare(this.#sent[stream], counts[stream]);
    }
    // Of those that were given up some never left.
    if (counts[STREAM.HASTY] > this.#sent[STREAM.HASTY]) this.#wrong.doubled += 1;
    // What comes for a call that nobody waits for, and nobody gave up, was answered twice.
    this.#wrong.doubled += Math.max(0, this.#client.stats().lateAnswers - this.#givenUp);
    this.#buffer?.free();
    return add({ ...this.#wrong }, this.#dispatches.faults(poured));
  }

  /** What is known to be wrong although nobody ended it. */
  faults() {
    return add({ ...this.#wrong }, this.#dispatches.faults());
  }

  /** Calls that nobody waits for, so that something is under way when the connection is closed. */
  leaveCalls() {
    for (let left = this.#random(20); left > 0; left--) this.#call(STREAM.CALL).catch(() => {});
  }

  #compare(sent, received) {
    this.#wrong.lost += Math.max(0, sent - received);
    this.#wrong.doubled += Math.max(0, received - sent);
  }

  #next(stream) {
    const number = this.#sent[stream];
    this.#sent[stream] += 1;
    return number;
  }

  #check(stream, number, answer) {
    const got = numberOf(this.#number, STREAM.ANSWER + stream, answer);
    if (got !== number) this.#wrong[got === undefined ? 'changed' : 'outOfOrder'] += 1;
  }

  async #call(stream, options = patient) {
    const number = this.#next(stream);
    const request = numbered(this.#number, stream, number);
    this.#check(stream, number, await this.#client.call(stream, request, options));
  }

  #calls(count) {
    return Promise.all(Array.from({ length: count }, () => this.#call(STREAM.CALL)));
  }

  #sync() {
    const number = this.#next(STREAM.SYNC);
    const request = numbered(this.#number, STREAM.SYNC, number);
    this.#check(STREAM.SYNC, number, this.#client.callSync(STREAM.SYNC, request, patient));
  }

  async #hasty(count) {
    const one = async () => {
      try {
        await this.#call(STREAM.HASTY, { timeoutMs: this.#random(4) });
      } catch (error) {
        if (!CoroIpcError.is(error, CS.ERR_TIMEOUT)) throw error;
        this.#givenUp += 1;
      }
    };
    await Promise.all(Array.from({ length: count }, one));
  }

  async #placed() {
    if (this.#buffer === undefined) return;
    // Its server may have died since: the buffer is empty then, and a call says why.
    if (this.#client.closed) return this.#call(STREAM.CALL);
    const number = this.#next(STREAM.PLACED);
    const request = numbered(this.#number, STREAM.PLACED, number);
    request.copy(this.#buffer.bytes);
    this.#buffer.length = request.length;
    const answer = await this.#client.call(STREAM.PLACED, this.#buffer, patient);
    this.#check(STREAM.PLACED, number, answer);
  }

  async #pause(ms) {
    this.#subscription.pause();
    await sleep(ms);
    this.#subscription.resume();
  }
}
