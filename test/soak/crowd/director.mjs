// Directs a crowd: starts its processes, has them killed, stopped and visited at random, looks each
// second at what the steady server holds, and hands everything to the judge.
import { setTimeout as sleep } from 'node:timers/promises';
import { chance } from './chance.mjs';
import { Clients } from './clients.mjs';
import { STUCK_MS } from './commands.mjs';
import { growth, leaks, verdict } from './judge.mjs';
import { holdings, sharedFiles, Visitor } from './processes.mjs';
import { Servers } from './servers.mjs';
import { messagesOf } from './tally.mjs';

const PROCESSES = 8;
const WARM_UP_MS = 3000;
const SAMPLE_MS = 1000;

async function until(condition, limitMs) {
  const patience = performance.now() + limitMs;
  while (!condition() && performance.now() < patience) await sleep(50);
}

class Director {
  #random;
  #clients;
  #servers;
  #names;
  #samples = [];
  #over = false;
  #log;

  constructor(seed, log) {
    this.#log = log;
    this.#random = chance(seed);
    const base = `coroipc-crowd-${process.pid}`;
    this.#names = { steady: `${base}-steady`, mortal: `${base}-mortal` };
    this.#servers = new Servers(this.#names, this.#random);
    this.#clients = new Clients(this.#names, this.#random);
  }

  async run({ seconds, clients }) {
    await this.#servers.start();
    const pid = this.#servers.steady.child.pid;
    const filesBefore = sharedFiles();
    const before = await this.#warmUp(pid);
    const visitors = Object.values(this.#names).map(
      (name) => new Visitor(name, this.#random(2 ** 31)),
    );
    const processes = Math.min(PROCESSES, clients);
    for (let each = 0; each < processes; each++) {
      this.#clients.add(Math.floor((clients + each) / processes));
    }
    const mischief = this.#mischief();
    await this.#watch(pid, seconds);
    this.#over = true;
    await mischief;
    for (const { child, gone } of visitors) {
      child.kill('SIGKILL');
      await gone;
    }
    await this.#clients.finish();
    const server = await this.#servers.stats(({ connections }) => connections === 0);
    const last = () => holdings(pid);
    await until(() => leaks(before, last()).length === 0, STUCK_MS);
    const after = last();
    const files = await this.#leftFiles(filesBefore);
    const result = {
      seconds,
      clients,
      processes,
      kills: this.#clients.kills,
      stops: this.#clients.stops,
      serverDeaths: this.#servers.deaths,
      visits: visitors.map(({ done }) => done),
      crowd: this.#clients.told,
      servers: { wrong: this.#servers.wrong },
      server,
      samples: this.#samples,
      before,
      after,
      files,
      resident: growth(this.#samples, 'resident'),
      anonymous: growth(this.#samples, 'anonymous'),
    };
    await this.#servers.stop();
    return { ...result, problems: verdict(result) };
  }

  // What is made once and kept, as buffers and code are, is there before it is counted.
  async #warmUp(pid) {
    const member = this.#clients.add(8);
    await sleep(WARM_UP_MS);
    member.send('finish');
    await member.gone;
    await this.#servers.stats(({ connections }) => connections === 0);
    return holdings(pid);
  }

  async #mischief() {
    const stopped = [];
    while (!this.#over) {
      await sleep(300 + this.#random(1500));
      const what = this.#random(20);
      if (what < 5) this.#clients.kill();
      else if (what < 14) stopped.push(this.#clients.stop());
      else if (what === 19) await this.#servers.replace();
    }
    await Promise.all(stopped);
  }

  async #watch(pid, seconds) {
    const start = performance.now();
    let before = 0;
    let when = start;
    for (;;) {
      const stats = await this.#servers.stats(() => true);
      const now = performance.now();
      const all = messagesOf(stats);
      const sample = {
        seconds: (now - start) / 1000,
        ...holdings(pid),
        connections: stats.connections,
        messages: this.#samples.length === 0 ? 0 : (all - before) / ((now - when) / 1000),
      };
      [before, when] = [all, now];
      this.#samples.push(sample);
      if (this.#samples.length % 30 === 0) this.#log(sample);
      if (sample.seconds >= seconds) return;
      await sleep(SAMPLE_MS / 10);
    }
  }

  // Others may use the machine, too: what is theirs goes, or was there from the beginning.
  async #leftFiles(before) {
    let left = sharedFiles().filter((file) => !before.includes(file));
    await until(() => {
      const now = sharedFiles();
      left = left.filter((file) => now.includes(file));
      return left.length === 0;
    }, STUCK_MS);
    return left;
  }
}

/** Runs a crowd for so many seconds. Resolves to everything that is known of it, with `problems`. */
export const direct = ({ seed, log, ...what }) => new Director(seed, log).run(what);
