// The addon's shape, and its loading. native/epoll/ is the other side.

import { createRequire } from 'node:module';

/**
 * Loops, timers and signals are named by numbers that are never used twice: loops in the process,
 * the others in an environment. What fails throws an Error with `code` (`'EEXIST'`, `'EBADF'`, …),
 * `errno` and `syscall`.
 */
export interface NativeEpoll {
  loopOpen(): number;
  /** The epoll set's descriptor, readable while anything in it is ready. */
  loopFd(loop: number): number;
  /** `watch` is the caller's own number for it, from 1 on. */
  loopAdd(loop: number, fd: number, watch: number, events: number): void;
  /** False: the descriptor was closed, or is another file's by now. */
  loopModify(loop: number, fd: number, watch: number, events: number): boolean;
  loopRemove(loop: number, fd: number): void;
  /**
   * Fills `ready` with pairs of a watch and its events, `most` pairs or 64 at the most, and says
   * how many. Watch 0 is the loop's own bell. A negative time is for ever.
   */
  loopWait(loop: number, timeoutMs: number, ready: Float64Array, most: number): number;
  /** Makes the loop's descriptor readable, once. */
  loopRing(loop: number): void;
  /** Asks a loop of any thread to stop; false: there is none of that number. */
  loopStop(loop: number): boolean;
  /** Whether somebody asked since the last call. */
  loopTakeStop(loop: number): boolean;
  loopClose(loop: number): void;

  timerOpen(): number;
  timerFd(timer: number): number;
  /** `afterMs` negative stops it, `everyMs` 0 is once. */
  timerSet(timer: number, afterMs: number, everyMs: number): void;
  /** How often its time has passed since the last call. */
  timerTake(timer: number): number;
  timerClose(timer: number): void;

  signalOpen(number: number): number;
  signalFd(signal: number): number;
  /** The sender's pid and uid of the next that waits. */
  signalTake(signal: number): [pid: number, uid: number] | undefined;
  signalClose(signal: number): void;
}

function load(): NativeEpoll {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const path = `../prebuilds/${platform}/coroipc_epoll.node`;
    return createRequire(import.meta.url)(path) as NativeEpoll;
  } catch (cause) {
    throw new Error(
      `@coroipc/adapter-epoll has no binary for ${platform} that loads here (prebuilds/${platform}/coroipc_epoll.node); it supports Linux on x64 and arm64`,
      { cause },
    );
  }
}

/** The addon of this environment. */
export const native: NativeEpoll = load();
