// The poll contract: how this library tells a host which descriptors to watch. The library never
// owns a loop; a host, or an adapter package, implements these two interfaces over whatever loop
// it has. They stand for the poll members of the C library's `coroipcs_init_state`.
//
// What an adapter guarantees (each rule is a test of `@coroipc/core/testing`):
//
//  1. Level-triggered: while a condition lasts and is asked for, `onReady` runs in every turn.
//  2. Hang-up is always reported, until `destroy`, also where the loop reports an error instead.
//  3. Spurious readiness is legal.
//  4. Bits that were not asked for are never delivered, hang-up excepted (`POLLHUP`, `POLLERR`,
//     `POLLNVAL`); interest is read at delivery.
//  5. Add, `modify` and `destroy` are allowed inside any `onReady`, its own included.
//  6. After `destroy()` returns: silence, even for readiness already fetched. The caller may close
//     the descriptor at once.
//  7. The adapter never reads, writes or closes the descriptor.
//  8. One handle a descriptor: a second is an error.
//  9. All calls and call-backs are on the environment's JavaScript thread.
// 10. An exception from `onReady` reaches the host as an uncaught exception; other ready handles
//     are still served.
// 11. The host's loop is left as it was found.
// 12. Jobs run in the order they were added, each once, one turn later at the earliest; readiness
//     and timers (the host's, and the loop's own) get their turn between them.
//
// Jobs are how a busy connection is looked at again without anybody ringing: while traffic flows
// there is one in every turn, of each server and each client. What a turn costs that has a job, and
// nothing that is ready, is what the library's speed under load rests on.
//
// What it does not guarantee: an order among ready descriptors, or one call for one event.

/** A set of poll(2) event bits: {@link POLLIN}, {@link POLLOUT}, … */
export type PollEvents = number;

/** There is something to read. */
export const POLLIN: PollEvents = 0x001;
/** Writing will not block. */
export const POLLOUT: PollEvents = 0x004;
/** The descriptor is in error. Always reported. */
export const POLLERR: PollEvents = 0x008;
/** The peer is gone. Always reported. */
export const POLLHUP: PollEvents = 0x010;
/** The descriptor is not open. Always reported. */
export const POLLNVAL: PollEvents = 0x020;

/** One watched descriptor. `[Symbol.dispose]()` is `destroy()`. */
export interface PollHandle extends Disposable {
  /** Changes what is asked for (`poll_dispatch_modify`). Hang-up is reported whatever is asked. */
  modify(events: PollEvents): void;
  /** Ends the watch (`poll_dispatch_destroy`); a second call does nothing. */
  destroy(): void;
  /** Lets the watch keep the process alive: the state a handle starts in. */
  ref(): this;
  /** Lets the process end while the watch lasts. */
  unref(): this;
}

/** A poll system, as this library sees it. */
export interface PollAdapter {
  /** A short name for messages and reports: `'libuv'`. */
  readonly name: string;
  /**
   * Watches a listening descriptor for `POLLIN` (`poll_accept_add`).
   * @throws {Error} when the descriptor cannot be watched, or is watched already.
   */
  pollAcceptAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle;
  /**
   * Watches a connection's descriptor for `POLLIN` (`poll_dispatch_add`).
   * @throws {Error} when the descriptor cannot be watched, or is watched already.
   */
  pollDispatchAdd(fd: number, onReady: (revents: PollEvents) => void): PollHandle;
  /** Runs `job` once in the loop's next turn, which then does not block (libqb's `job_add`). */
  pollJobAdd(job: () => void): void;
}
