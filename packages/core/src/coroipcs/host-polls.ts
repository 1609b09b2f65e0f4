// A server's descriptors in a C-style host's own poll set: `pollAcceptAdd` and its three sisters
// on the way out, `handlerAccept` and `handlerDispatch` on the way in.
//
// Invariants: a context belongs to one watched descriptor and is never used again. A descriptor
// that the core forgets is reported to the host exactly once: by the -1 of the `handlerDispatch`
// that is running for it, else by `pollDispatchDestroy`.

import { KEY_LISTENER } from '../native.js';
import { POLLOUT, type PollEvents, type PollHandle } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import type { ServerWatches, WatchTarget } from '../server-engine/watches.js';
import type { CoroipcsInitState, IpcsContext } from './state.js';

/** What goes with a descriptor through the host, and comes back to `handlerDispatch`. */
export class DispatchContext implements IpcsContext {
  readonly fd: number;
  readonly key: number;
  readonly target: WatchTarget;
  /** Whose descriptor it is. */
  readonly polls: HostPolls;
  /** `handlerDispatch` is running for it. */
  running = false;
  /** The core has forgotten the descriptor. */
  ended = false;
  /** The library's own wait for POLLOUT, where the host offers no `pollDispatchModify`. */
  writable: PollHandle | undefined;

  constructor(fd: number, key: number, target: WatchTarget, polls: HostPolls) {
    this.fd = fd;
    this.key = key;
    this.target = target;
    this.polls = polls;
  }
}

/** The listening descriptors of this thread that hosts watch. */
const listeners = new Map<number, WatchTarget>();

/** Who accepts on a listening descriptor. */
export function listenerOf(fd: number): WatchTarget | undefined {
  return listeners.get(fd);
}

/** Serves one readiness: whether the host has to go on watching the descriptor. */
export function dispatchTo(context: DispatchContext, revents: PollEvents): boolean {
  if (context.ended || context.running) return !context.ended;
  context.running = true;
  let reported = false;
  try {
    context.target.dispatch(context.key, revents);
    reported = true;
  } finally {
    context.running = false;
    // An exception takes the place of the -1, so the host has to hear it the other way.
    if (!reported && context.ended) context.polls.forget(context);
  }
  return !context.ended;
}

export class HostPolls implements ServerWatches {
  readonly systemOnly = false;
  readonly #state: CoroipcsInitState;
  readonly #contexts = new Map<number, DispatchContext>();

  /** `state` has `pollAcceptAdd` and `pollDispatchAdd`. */
  constructor(state: CoroipcsInitState) {
    this.#state = state;
  }

  add(fd: number, key: number, target: WatchTarget): void {
    if (key === KEY_LISTENER) {
      this.#state.pollAcceptAdd?.(fd);
      listeners.set(fd, target);
      return;
    }
    const context = new DispatchContext(fd, key, target, this);
    this.#state.pollDispatchAdd?.(fd, context);
    this.#contexts.set(key, context);
  }

  modify(fd: number, key: number, events: PollEvents): void {
    if (this.#state.pollDispatchModify !== undefined) {
      this.#state.pollDispatchModify(fd, events);
      return;
    }
    const context = this.#contexts.get(key);
    if (context !== undefined) this.#waitWritable(context, (events & POLLOUT) !== 0);
  }

  remove(fd: number, key: number): void {
    if (key === KEY_LISTENER) {
      if (listeners.delete(fd)) this.#state.pollDispatchDestroy?.(fd, undefined);
      return;
    }
    const context = this.#contexts.get(key);
    if (context === undefined) return;
    this.#contexts.delete(key);
    context.ended = true;
    this.#waitWritable(context, false);
    if (!context.running) this.forget(context);
  }

  /** Has the host forget a descriptor. */
  forget(context: DispatchContext): void {
    this.#state.pollDispatchDestroy?.(context.fd, context);
  }

  /** The C library's hosts know no jobs. */
  job(): boolean {
    return false;
  }

  /** Whether the process lives on for these watches is the host's affair. */
  ref(): void {}

  #waitWritable(context: DispatchContext, on: boolean): void {
    if (!on) {
      context.writable?.destroy();
      context.writable = undefined;
      return;
    }
    if (context.writable !== undefined) return;
    context.writable = threadPoll().pollDispatchAdd(context.fd, (revents) => {
      context.target.dispatch(context.key, revents);
    });
    context.writable.modify(POLLOUT);
  }
}
