// Publishes dispatch messages as fast as the ring takes them. What the full ring did not take waits
// in the connection's queue: when so many wait that the next could be refused, the rest is held back
// until the queue is empty. Bursts, so that the loop gets its turn where the ring is never full.
const AHEAD = 1024;
const BURST = 512;

export class Publisher {
  #message;
  #connection;
  #rest = 0;
  #queued = 0;
  #later = false;

  constructor(server, message) {
    this.#message = message;
    server.on('drain', (connection) => {
      if (connection !== this.#connection) return;
      this.#queued = 0;
      this.#goOn();
    });
    server.on('disconnect', (connection) => {
      if (connection === this.#connection) this.hush();
    });
  }

  publish(connection, count) {
    this.#connection = connection;
    this.#rest = count;
    this.#queued = 0;
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
    const end = Math.max(0, this.#rest - BURST);
    while (this.#rest > end && this.#queued < AHEAD) {
      this.#rest -= 1;
      if (!this.#connection.dispatch(1, this.#message)) this.#queued += 1;
    }
    // At the limit, the end of the queue goes on with it.
    if (this.#rest > 0 && this.#queued < AHEAD) this.#goOn();
  }
}
