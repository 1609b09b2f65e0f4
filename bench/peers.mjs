// The processes of a run: opened when they are first needed, kept over all rounds, closed together.

export class Peers {
  #open = new Map();
  #missing = new Map();

  /** Why implementations were left out, by their names. */
  get missing() {
    return this.#missing;
  }

  /**
   * Calls `use` with the peer of a measurement; undefined if there is none. One of somebody else that
   * fails is left out from then on, and `missing` says how; a failure of ours ends the run.
   */
  async with(measurement, use) {
    const { case: measured, impl, placement } = measurement;
    if (this.#missing.has(impl.name)) return undefined;
    const key = keyOf(measurement);
    try {
      if (!(await this.#isOpen(key, measurement))) return undefined;
      return await use(this.#open.get(key));
    } catch (cause) {
      const what = `${measured.name} of ${impl.name}, ${placement}: ${cause.message}`;
      if (impl.ours) throw new Error(what, { cause });
      this.#missing.set(impl.name, `it failed: ${what}`);
      await this.#close(key);
      return undefined;
    } finally {
      if (measured.peer === 'fresh') await this.#close(key);
    }
  }

  async #isOpen(key, { impl, cpus, options }) {
    if (this.#open.has(key)) return true;
    const opened = await impl.open(cpus, options.open);
    if (typeof opened === 'string') this.#missing.set(impl.name, opened);
    else this.#open.set(key, opened);
    return typeof opened !== 'string';
  }

  async #close(key) {
    const peer = this.#open.get(key);
    this.#open.delete(key);
    await peer?.close();
  }

  async close() {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }
}

function keyOf({ case: { name, peer = 'shared' }, impl, placement, options }) {
  const own = peer === 'shared' ? '' : name;
  return [impl.name, placement, own, JSON.stringify(options.open ?? {})].join();
}
