// Publishes dispatch messages as fast as the rings take them. What a full ring did not take waits in
// its connection's queue, and is copied once more: when some wait in one, the rest is held back until
// all queues are empty. Bursts, so that the loop gets its turn where no ring is ever full.
const AHEAD = 1024;
const AHEAD_BYTES = 512 * 1024;
const BURST = 512;

export class Publisher {
  #payload;
  #targets = [];
  #ahead = 0;
  #rest = 0;
  #held = false;
  #later = false;

  constructor(server) {
    server.on('drain', (connection) => {
      const target = this.#targets.find((each) => each.connection === connection);
      if (target === undefined) return;
      target.queued = 0;
      if (this.#targets.some(({ queued }) => queued > 0)) return;
      this.#held = false;
      this.#goOn();
    });
    server.on('disconnect', (connection) => {
      if (this.#targets.some((each) => each.connection === connection)) this.hush();
    });
  }

  /** Sends `payload` so many times to each of `connections`. */
  publish(connections, payload, count) {
    this.#targets = connections.map((connection) => ({ connection, queued: 0 }));
    this.#payload = payload;
    this.#ahead = Math.max(1, Math.min(AHEAD, Math.floor(AHEAD_BYTES / payload.length)));
    this.#rest = count;
    this.#held = false;
    this.#goOn();
  }

  hush() {
    this.#rest = 0;
  }

  #goOn() {
    if (this.#later) return;
    this.#later = true;
    setImmediate(() => {
      this.#later = false;
      this.#burst();
    });
  }

  #burst() {
    const messages = Math.max(1, Math.floor(BURST / this.#targets.length));
    const end = Math.max(0, this.#rest - messages);
    while (this.#rest > end && !this.#held) {
      this.#rest -= 1;
      for (const target of this.#targets) this.#send(target);
    }
    // Where it is held, the end of the queues goes on with it.
    if (this.#rest > 0 && !this.#held) this.#goOn();
  }

  #send(target) {
    if (target.connection.dispatch(1, this.#payload)) return;
    target.queued += 1;
    if (target.queued >= this.#ahead) this.#held = true;
  }
}
