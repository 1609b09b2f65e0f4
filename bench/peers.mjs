// The processes of a run: opened when they are first needed, kept over all rounds, closed together.

export class Peers {
  #open = new Map();
  #absent = new Map();
  #failed = new Map();

  /** Why implementations were left out, wholly or of a case, by their names. */
  get missing() {
    const failures = [...this.#failed].map(([name, cases]) => [
      name,
      [...cases].map(([of, message]) => `${of} failed: ${message}`).join('; '),
    ]);
    return new Map([...this.#absent, ...failures]);
  }

  /**
   * Calls `use` with the peer of a measurement; undefined if there is none. What fails is left out of
   * that case from then on, and `missing` says how: it costs nobody else's numbers.
   */
  async with(measurement, use) {
    const { case: measured, impl, placement } = measurement;
    if (this.#absent.has(impl.name)) return undefined;
    if (this.#failed.get(impl.name)?.has(measured.name)) return undefined;
    const key = keyOf(measurement);
    try {
      if (!(await this.#isOpen(key, measurement))) return undefined;
      return await use(this.#open.get(key));
    } catch (error) {
      const failures = this.#failed.get(impl.name) ?? new Map();
      this.#failed.set(impl.name, failures.set(measured.name, `${placement}, ${error.message}`));
      // Nobody knows what is left of it.
      await this.#close(key);
      return undefined;
    } finally {
      if (measured.peer === 'fresh') await this.#close(key);
    }
  }

  async #isOpen(key, { impl, cpus, options }) {
    if (this.#open.has(key)) return true;
    const opened = await impl.open(cpus, options.open);
    if (typeof opened === 'string') this.#absent.set(impl.name, opened);
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
