// The two servers of a crowd: a steady one, which is measured, and a mortal one, which is killed now
// and then and started anew on another poll system.
import { ADAPTERS, STUCK_MS } from './commands.mjs';
import { Member } from './processes.mjs';
import { add, NOTHING_WRONG } from './sequence.mjs';

export class Servers {
  steady;
  mortal;
  /** What was wrong by what each server saw; of one that was killed, until its last word. */
  #past = { ...NOTHING_WRONG };
  #names;
  #random;
  #generation = 0;
  deaths = 0;

  constructor(names, random) {
    this.#names = names;
    this.#random = random;
  }

  async start() {
    this.steady = await this.#one(this.#names.steady, 'libuv').ready();
    this.mortal = await this.#next().ready();
  }

  get wrong() {
    const total = { ...this.#past };
    for (const { news } of [this.steady, this.mortal]) if (news?.wrong) add(total, news.wrong);
    return total;
  }

  /** Kills the mortal one, and has another in its place. */
  async replace() {
    const old = this.mortal;
    this.deaths += 1;
    old.signal('SIGKILL');
    await old.gone;
    if (old.news?.wrong) add(this.#past, old.news.wrong);
    this.mortal = await this.#next().ready();
  }

  /** What the steady one counts, told after `since`; it tells each second. */
  async stats(settled) {
    const patience = performance.now() + STUCK_MS;
    for (;;) {
      const news = await new Promise((resolve) => {
        this.steady.child.once('message', resolve);
        this.steady.gone.then(() => resolve(undefined));
      });
      if (news === undefined) throw new Error('the server has ended');
      if (settled(news.stats) || performance.now() > patience) return news.stats;
    }
  }

  async stop() {
    this.mortal.signal('SIGKILL');
    this.steady.child.disconnect();
    await Promise.all([this.mortal.gone, this.steady.gone]);
  }

  #next() {
    const adapter = ADAPTERS[this.#generation % ADAPTERS.length];
    this.#generation += 1;
    return this.#one(this.#names.mortal, adapter);
  }

  #one(name, adapter) {
    return new Member('server.mjs', [name, adapter, String(this.#random(2 ** 31))]);
  }
}
