// The processes of a run: opened when they are first needed, kept over all rounds, closed together.

export class Peers {
  #open = new Map();
  #missing = new Map();

  /** Why implementations were left out, by their names. */
  get missing() {
    return this.#missing;
  }

  /** Calls `use` with the peer of a measurement; undefined if there is none. */
  async with({ case: { name, peer = 'shared' }, impl, placement, cpus }, use) {
    if (this.#missing.has(impl.name)) return undefined;
    const key = [impl.name, placement, peer === 'shared' ? '' : name].join();
    if (!this.#open.has(key)) {
      const opened = await impl.open(cpus);
      if (typeof opened === 'string') {
        this.#missing.set(impl.name, opened);
        return undefined;
      }
      this.#open.set(key, opened);
    }
    try {
      return await use(this.#open.get(key));
    } catch (cause) {
      throw new Error(`${name} of ${impl.name}, ${placement}: ${cause.message}`, { cause });
    } finally {
      if (peer === 'fresh') await this.#close(key);
    }
  }

  async #close(key) {
    const peer = this.#open.get(key);
    this.#open.delete(key);
    await peer.close();
  }

  async close() {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }
}
