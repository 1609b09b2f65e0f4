// What a turn of a loop is to call: ready watches first, then jobs. It is filled when it is empty.

import type { Ready } from './watch-set.js';

export type Job = () => void;
export type Call = Ready | Job;

export function isJob(call: Call | undefined): call is Job {
  return typeof call === 'function';
}

export class CallQueue {
  // A place in place of shift(): of hundreds of thousands of jobs it would move all, each time.
  #calls: Call[] = [];
  #next = 0;

  get length(): number {
    return this.#calls.length - this.#next;
  }

  get hasJob(): boolean {
    return this.length > 0 && isJob(this.#calls.at(-1));
  }

  fill(ready: readonly Ready[], jobs: readonly Job[]): void {
    this.#calls = [...ready, ...jobs];
    this.#next = 0;
  }

  shift(): Call | undefined {
    const call = this.#calls[this.#next];
    if (call !== undefined) this.#next += 1;
    if (this.length === 0) this.clear();
    return call;
  }

  clear(): void {
    this.#calls = [];
    this.#next = 0;
  }
}
