// The client processes of a crowd: started, killed, stopped and replaced, so that there are always as
// many. Each gets its own numbers for its connections, so that no two connections share one.
import { setTimeout as sleep } from 'node:timers/promises';
import { ADAPTERS, STUCK_MS } from './commands.mjs';
import { Member } from './processes.mjs';
import { addNews, nothing } from './tally.mjs';

const NUMBERS_EACH = 1_000_000;
const LONGEST_STOP_MS = 3000;

export class Clients {
  kills = 0;
  stops = 0;
  #names;
  #random;
  #past = nothing();
  #members = [];
  #started = 0;

  constructor(names, random) {
    this.#names = names;
    this.#random = random;
  }

  /** What all of them have told. */
  get told() {
    const total = addNews(nothing(), this.#past);
    for (const { news } of this.#members) addNews(total, news);
    return total;
  }

  /** Starts one with so many connections. */
  add(connections) {
    const options = {
      ...this.#names,
      connections,
      adapter: ADAPTERS[this.#started % ADAPTERS.length],
      seed: this.#random(2 ** 31),
      first: this.#started * NUMBERS_EACH,
    };
    this.#started += 1;
    const member = new Member('client.mjs', [JSON.stringify(options)]);
    member.connections = connections;
    this.#members.push(member);
    member.gone.then((how) => this.#ended(member, how));
    return member;
  }

  /** Kills one, and starts another. */
  kill() {
    const member = this.#any();
    this.kills += 1;
    member.killed = true;
    member.signal('SIGKILL');
    this.add(member.connections);
  }

  /** Stops one for a while. */
  async stop() {
    const member = this.#any();
    this.stops += 1;
    member.signal('SIGSTOP');
    await sleep(this.#random(LONGEST_STOP_MS));
    member.signal('SIGCONT');
  }

  /** Has all finish in peace; those that do not are at fault. */
  async finish() {
    for (const member of this.#members) member.send('finish');
    const patience = performance.now() + 2 * STUCK_MS;
    while (this.#members.length > 0 && performance.now() < patience) await sleep(50);
    for (const member of this.#members) {
      this.#past.broken.push('a client process did not come to its end');
      member.killed = true;
      member.signal('SIGKILL');
      await member.gone;
    }
  }

  // Nobody is stopped while it is killed, or twice: those that are picked live, and are not stopped for
  // longer than the others.
  #any() {
    return this.#members[this.#random(this.#members.length)];
  }

  #ended(member, how) {
    this.#members = this.#members.filter((one) => one !== member);
    addNews(this.#past, member.news);
    if (!member.killed && how !== 0) {
      this.#past.broken.push(`a client process ended by itself: ${how}`);
    }
  }
}
