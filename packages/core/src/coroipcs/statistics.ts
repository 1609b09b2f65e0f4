// The statistics functions of a state, fed from the core's counters. The core tells the new value
// of a level and the increment of a count; the C functions take one step a call.

import { readFileSync } from 'node:fs';
import { COUNTER_NAMES, type CounterName } from '../native.js';
import type { ServerConnection } from '../server-engine/connection.js';
import type { Hooks } from './hooks.js';
import type { StatsHandle } from './state.js';

/** The statistics of one connection. */
export class ConnectionStatistics {
  readonly #hooks: Hooks;
  readonly #handle: StatsHandle;
  #queueSize = 0;
  #destroyed = false;

  constructor(hooks: Hooks, connection: ServerConnection) {
    const { service, pid, fd } = connection.identity;
    this.#hooks = hooks;
    this.#handle = hooks.statsCreateConnection?.(
      `${processName(pid)}:${service}:${pid}:${fd}`,
      pid,
      fd,
    );
    hooks.statsUpdateValue(this.#handle, 'service_id', service);
  }

  /** Passes on what the core counted. */
  counted(counter: number, value: number): void {
    const name = COUNTER_NAMES[counter];
    if (name === undefined) return;
    if (name === 'flow_control') this.#hooks.statsUpdateValue(this.#handle, name, value);
    else if (name === 'queue_size') this.#queued(value);
    else this.increment(name, value);
  }

  /** Counts `times` of what the TypeScript side sees for itself. */
  increment(name: CounterName, times = 1): void {
    for (let left = times; left > 0; left -= 1) this.#hooks.statsIncrementValue(this.#handle, name);
  }

  /** Once a connection, however often its disconnect function was busy. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#hooks.statsDestroyConnection(this.#handle);
  }

  #queued(size: number): void {
    this.increment('queue_size', size - this.#queueSize);
    for (let left = this.#queueSize - size; left > 0; left -= 1) {
      this.#hooks.statsDecrementValue(this.#handle, 'queue_size');
    }
    this.#queueSize = size;
  }
}

function processName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd() || 'proc';
  } catch {
    return 'proc';
  }
}
