// A loop nested in another: one watch there for all that are here.

import type { PollAdapter, PollHandle } from '@coroipc/core';

/** What an attachment asks of its loop. */
export interface AttachedLoop {
  turn(): void;
  detached(): void;
}

/** What {@link EpollLoop.attach} gives: the loop's place in another one, until `detach`. */
export class Attachment implements Disposable {
  /** The adapter that watches the loop. */
  readonly host: PollAdapter;
  readonly #loop: AttachedLoop;
  readonly #handle: PollHandle;
  #turnAsked = false;
  #detached = false;

  /** Called by the loop alone. */
  constructor(host: PollAdapter, fd: number, loop: AttachedLoop) {
    this.host = host;
    this.#loop = loop;
    this.#handle = host.pollDispatchAdd(fd, () => loop.turn());
  }

  /** Takes the loop out again; a second call does nothing. */
  detach(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#handle.destroy();
    this.#loop.detached();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** Has the host make a turn although nothing may be ready; called by the loop alone. */
  askForTurn(): void {
    if (this.#turnAsked) return;
    this.#turnAsked = true;
    this.host.pollJobAdd(() => {
      this.#turnAsked = false;
      if (!this.#detached) this.#loop.turn();
    });
  }

  /** Whether the host's process lives on for this; called by the loop alone. */
  setRef(ref: boolean): void {
    if (ref) this.#handle.ref();
    else this.#handle.unref();
  }
}
