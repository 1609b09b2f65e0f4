// The loop. It does nothing by itself: it is run, stepped, or attached to another loop, and then
// makes turns. A turn waits for readiness, delivers it, and runs the jobs that were there when it
// began. What was fetched and not delivered, for want of budget, is delivered before anything is
// fetched again, so ready descriptors are served round robin.
//
// Everything but `EpollLoop.stop` is for the thread that made the loop.

import type { PollAdapter, PollEvents, PollHandle } from '@coroipc/core';
import {
  checkAdapter,
  checkFunction,
  checkInteger,
  checkOptions,
  MAX_INT32,
  optionNames,
} from '@coroipc/core/adapter';
import { Attachment } from './attachment.js';
import { CallQueue, isJob, type Job } from './call-queue.js';
import { EpollSignal, type SignalNews } from './epoll-signal.js';
import { EpollTimer, type EpollTimerOptions } from './epoll-timer.js';
import { native } from './native.js';
import { type RunOptions, runOnHost } from './run.js';
import { MOST_READY, WatchSet } from './watch-set.js';

// A wait is cut into slices: between two of them a worker that is to be terminated can be.
const SLICE_MS = 50;
const RUN_OPTIONS = optionNames<RunOptions>({ hostEveryMs: true });

/**
 * An event loop over one epoll set, and a poll adapter. Usable in four ways: `await loop.run()`
 * owns the thread; `loop.runOnce()` is a step of a loop of your own; `loop.fd` nests in any other
 * loop, by `loop.attach(adapter)` or by hand; and `epollPoll()` has a thread watch it.
 *
 * @example
 * ```ts
 * import { IpcServer } from '@coroipc/core';
 * import { EpollLoop } from '@coroipc/adapter-epoll';
 * const loop = new EpollLoop();
 * const server = new IpcServer({ name: 'demo', adapter: loop });
 * server.service(7, { requests: { 1: ({ payload }) => payload } });
 * await server.listen();
 * loop.signal('SIGTERM', () => loop.stop());
 * await loop.run();
 * await server.close();
 * ```
 */
export class EpollLoop implements PollAdapter, Disposable {
  readonly name = 'epoll';
  readonly #set: WatchSet;
  readonly #sources = new Set<Disposable>();
  readonly #calls = new CallQueue();
  #jobs: Job[] = [];
  #state: 'idle' | 'running' | 'closed' = 'idle';
  #calling = false;
  #threw = false;
  #stopped = false;
  #attachment: Attachment | undefined;

  /** @throws {Error} with `code` when the system has no descriptor left for it. */
  constructor() {
    this.#set = new WatchSet({
      aliveChanged: () => this.#attachment?.setRef(this.#set.alive),
      turnNeeded: () => this.#wake(),
    });
  }

  /** A number that no other loop of this process ever has: what {@link EpollLoop.stop} takes. */
  get id(): number {
    return this.#set.number;
  }

  /** The epoll set's descriptor: readable while a turn has something to do. Never read it. */
  get fd(): number {
    this.#checkOpen();
    return this.#set.fd;
  }

  /** Whether something keeps the loop going: a watch or a timer that is ref'd, or a job. */
  get alive(): boolean {
    return this.#set.alive || this.#jobs.length > 0 || this.#calls.hasJob;
  }

  /**
   * Whether `stop` was called, by this thread or another, and no `run` has ended since. A loop that
   * is stopped does not wait in `runOnce`.
   */
  get stopped(): boolean {
    if (!this.#stopped && !this.closed) this.#stopped = this.#set.takeStop();
    return this.#stopped;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** `poll_accept_add` of the poll contract. */
  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    return this.pollDispatchAdd(fd, onReady);
  }

  /** `poll_dispatch_add` of the poll contract. */
  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle {
    this.#checkOpen();
    return this.#set.add(fd, onReady);
  }

  /** Runs `job` once in the next turn, which then does not block. */
  pollJobAdd(job: () => void): void {
    checkFunction('job', job);
    this.#checkOpen();
    if (this.#jobs.length === 0) this.#wake();
    this.#jobs.push(job);
  }

  /**
   * Watches a descriptor of your own for `events`, level-triggered. Hang-up is always reported.
   *
   * @throws {TypeError | RangeError} for arguments of the wrong kind or out of range.
   * @throws {Error} with `code` for a descriptor that epoll refuses, a regular file above all.
   */
  add(fd: number, events: PollEvents, callback: (revents: PollEvents) => void): PollHandle {
    checkFunction('callback', callback);
    const handle = this.pollDispatchAdd(fd, callback);
    try {
      handle.modify(events);
    } catch (error) {
      handle.destroy();
      throw error;
    }
    return handle;
  }

  /**
   * A timer of this loop (timerfd_create(2)).
   *
   * @param callback Told how often the time has passed since its last call, 1 at the least.
   */
  timer(options: EpollTimerOptions, callback: (expirations: number) => void): EpollTimer {
    this.#checkOpen();
    return new EpollTimer(this.#set, this.#sources, options, callback);
  }

  /**
   * Takes a signal over for this loop, until it is closed. Alone it does not keep the loop going;
   * `ref()` changes that.
   *
   * @param signal A name (`'SIGTERM'`) or a number. Not SIGKILL, SIGSTOP, SIGCHLD (by which the
   * host waits for its children), nor what a fault of the program raises.
   * @throws {TypeError | RangeError} for what is no signal, or none that can be taken over.
   * @throws {Error} with `code` `'EEXIST'` when another loop of the process has it.
   */
  signal(signal: NodeJS.Signals | number, callback: (news: SignalNews) => void): EpollSignal {
    this.#checkOpen();
    return new EpollSignal(this.#set, this.#sources, signal, callback);
  }

  /**
   * Makes turns, and blocks the thread in between, until `stop` is called or nothing is ref'd any
   * more. Next ticks and promises run after every call-back. An exception of a call-back is an
   * uncaught exception, and the loop goes on with the next.
   *
   * The host's own timers and sockets have their turn after every batch of call-backs, and while
   * nothing happens here after 1, 2, 4 … milliseconds, `hostEveryMs` at the most: a thread that
   * has much else to do is better off with the loop nested ({@link EpollLoop.attach}).
   *
   * @throws {TypeError | RangeError} for options of the wrong kind or out of range.
   * @throws {Error} (by rejection) when it runs already or is closed, or epoll_wait(2) fails.
   */
  run(options: RunOptions = {}): Promise<void> {
    checkOptions('options', options, RUN_OPTIONS);
    const { hostEveryMs = SLICE_MS } = options;
    checkInteger('options.hostEveryMs', hostEveryMs, 0, MAX_INT32);
    return this.#run(hostEveryMs);
  }

  async #run(hostEveryMs: number): Promise<void> {
    this.#checkOpen();
    if (this.#state === 'running') throw new Error('the loop runs already');
    this.#state = 'running';
    try {
      await runOnHost(
        {
          over: () => this.closed || this.stopped || !this.alive,
          fetch: (timeoutMs) => this.#await(performance.now() + timeoutMs, MOST_READY),
          callNext: () => {
            this.#threw = false;
            this.#callNext();
            return this.#threw;
          },
        },
        hostEveryMs,
      );
    } finally {
      // A stop that nobody has looked at yet was for this run too.
      if (!this.closed) this.#set.takeStop();
      this.#stopped = false;
      if (this.#state === 'running') this.#state = 'idle';
      this.#settle();
    }
  }

  /**
   * Makes one turn: waits for readiness, calls back, runs the jobs that were there.
   *
   * @param timeoutMs How long to wait when nothing is ready, in milliseconds; 0 only looks, -1
   * waits until something happens or `stop` is called.
   * @param budget The most call-backs to run; what is left over is what the next turn begins with.
   * @returns How many ran. What they throw becomes an uncaught exception; the others still run.
   */
  runOnce(timeoutMs: number = 0, budget: number = MAX_INT32): number {
    checkInteger('timeoutMs', timeoutMs, -1, MAX_INT32);
    checkInteger('budget', budget, 1, MAX_INT32);
    this.#checkOpen();
    if (this.#calling) throw new Error('runOnce was called by one of the call-backs of the loop');
    const end = timeoutMs < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    let served = 0;
    do {
      this.#await(end, Math.min(budget, MOST_READY));
      while (served < budget && this.#calls.length > 0) {
        if (this.#callNext()) served += 1;
      }
      // What was fetched may all have been ended since: then nothing has happened yet.
    } while (served === 0 && performance.now() < end && !this.stopped);
    this.#settle();
    return served;
  }

  /**
   * Ends `run` after the call-back that runs now, or the wait of a `runOnce`. What was fetched and
   * not delivered stays for the next turn.
   */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Stops a loop of any thread of this process by its {@link EpollLoop.id}. One that is not
   * running stops as soon as it is run.
   *
   * @returns false when there is no such loop, or none any more.
   */
  static stop(id: number): boolean {
    checkInteger('id', id, 0, Number.MAX_SAFE_INTEGER);
    return native.loopStop(id);
  }

  /**
   * Nests this loop in another: `host` watches one descriptor, and every readiness of it is a turn
   * here. The host's process lives on while something here is ref'd.
   *
   * @throws {Error} when it is attached already, or the host cannot watch it.
   */
  attach(host: PollAdapter): Attachment {
    checkAdapter('host', host);
    this.#checkOpen();
    if (this.#attachment !== undefined) {
      throw new Error(`the loop is attached to ${this.#attachment.host.name} already`);
    }
    const attachment = new Attachment(host, this.#set.fd, {
      turn: () => {
        if (!this.#calling && this.#attachment === attachment) this.runOnce(0, MOST_READY);
      },
      detached: () => {
        this.#attachment = undefined;
        this.#settle();
      },
    });
    this.#attachment = attachment;
    attachment.setRef(this.#set.alive);
    this.#settle();
    return attachment;
  }

  /**
   * Ends everything: watches are silent from here on, timers and signals are closed, `run`
   * resolves. A second call does nothing.
   */
  close(): void {
    if (this.closed) return;
    this.#state = 'closed';
    this.#attachment?.detach();
    for (const source of [...this.#sources].reverse()) source[Symbol.dispose]();
    this.#calls.clear();
    this.#jobs = [];
    this.#set.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #pending(): boolean {
    return this.#calls.length > 0 || this.#jobs.length > 0 || this.#set.impatient;
  }

  // Between turns the descriptor is readable while there is something to do, and not else.
  #settle(): void {
    if (this.closed) return;
    if (this.#pending) this.#wake();
    else this.#set.silence();
  }

  // Whoever waits for this loop has to come back although no descriptor of it may be ready.
  #wake(): void {
    if (this.#state === 'running') return;
    if (this.#attachment !== undefined) this.#attachment.askForTurn();
    else this.#set.ring();
  }

  // Waits until there is somebody to call, the time has come (`performance.now()`), or the loop is
  // stopped; how many there are to call. What was fetched before comes before anything else.
  #await(end: number, most: number): number {
    while (this.#calls.length === 0) {
      const leftMs = this.stopped ? 0 : Math.max(0, end - performance.now());
      const patient = this.#jobs.length === 0 && !this.#set.impatient;
      const timeoutMs = patient ? Math.ceil(Math.min(leftMs, SLICE_MS)) : 0;
      this.#calls.fill(this.#set.fetch(timeoutMs, most), this.#jobs);
      this.#jobs = [];
      if (leftMs === 0) break;
    }
    return this.#calls.length;
  }

  // Makes the next call; whether there was somebody to call. What it throws is an uncaught
  // exception once next ticks have run.
  #callNext(): boolean {
    const call = this.#calls.shift();
    if (call === undefined) return false;
    this.#calling = true;
    try {
      if (!isJob(call)) return this.#set.deliver(call);
      call();
    } catch (error) {
      this.#threw = true;
      queueMicrotask(() => {
        throw error;
      });
    } finally {
      this.#calling = false;
    }
    return true;
  }

  #checkOpen(): void {
    if (this.closed) throw new Error('the loop is closed');
  }
}
