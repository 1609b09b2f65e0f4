// The handshake of a client that must not block: begun, then advanced each time its socket is
// ready, until the server has answered, the time is over, or the caller gave up.
//
// Invariant: when the promise settles, no watch, timer or listener of it is left, and unless it
// resolved, no connection.

import { constants } from 'node:os';
import { ClientEngine } from '../client-engine/engine.js';
import { refused } from '../client-engine/refused.js';
import { CoroIpcError } from '../errors.js';
import type { NativeClientOptions } from '../native.js';
import type { PollAdapter, PollHandle } from '../poll/contract.js';
import { CS } from '../status.js';

// Until the server has taken them over, the shared files have names. `process.exit` runs no
// destructors, so what is under way then is closed here.
const underWay = new Set<ClientEngine>();
process.on('exit', () => {
  for (const engine of underWay) engine.close();
});

const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 16;

/** Connects. `timeoutMs` is -1 for no limit. */
export function connecting(
  options: NativeClientOptions,
  adapter: PollAdapter,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ClientEngine> {
  return new Promise((resolve, reject) => {
    new Connecting(options, adapter, { resolve, reject }).start(timeoutMs, signal);
  });
}

interface Outcome {
  resolve(engine: ClientEngine): void;
  reject(reason: unknown): void;
}

class Connecting {
  readonly #options: NativeClientOptions;
  readonly #adapter: PollAdapter;
  readonly #outcome: Outcome;
  readonly #onAbort = (): void => this.#fail(this.#signal?.reason);
  #signal: AbortSignal | undefined;
  #limit: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #engine: ClientEngine | undefined;
  #watch: PollHandle | undefined;
  #settled = false;

  constructor(options: NativeClientOptions, adapter: PollAdapter, outcome: Outcome) {
    this.#options = options;
    this.#adapter = adapter;
    this.#outcome = outcome;
  }

  start(timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted) {
      this.#fail(signal.reason);
      return;
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs >= 0) {
      this.#limit = setTimeout(() => {
        const { name, service } = this.#options;
        const what = `connect to service ${service} of "${name}" within ${timeoutMs} ms`;
        this.#fail(new CoroIpcError(CS.ERR_TIMEOUT, what));
      }, timeoutMs);
    }
    this.#begin();
  }

  #begin(): void {
    try {
      this.#engine = ClientEngine.begin(this.#options);
      underWay.add(this.#engine);
      this.#watch = this.#adapter.pollDispatchAdd(this.#engine.socket, () => this.#advance());
      this.#watch.modify(this.#engine.handshakeEvents);
    } catch (error) {
      if (backlogFull(error)) this.#beginLater();
      else this.#fail(refused(error, this.#options));
    }
  }

  #beginLater(): void {
    this.#retry = setTimeout(() => this.#begin(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #advance(): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    try {
      if (engine.advance()) this.#succeed(engine);
      else this.#watch?.modify(engine.handshakeEvents);
    } catch (error) {
      this.#fail(refused(error, this.#options));
    }
  }

  #succeed(engine: ClientEngine): void {
    this.#engine = undefined;
    underWay.delete(engine);
    this.#release();
    this.#outcome.resolve(engine);
  }

  #fail(reason: unknown): void {
    if (this.#settled) return;
    this.#release();
    this.#outcome.reject(reason);
  }

  #release(): void {
    this.#settled = true;
    clearTimeout(this.#limit);
    clearTimeout(this.#retry);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#watch?.destroy();
    if (this.#engine === undefined) return;
    underWay.delete(this.#engine);
    this.#engine.close();
    this.#engine = undefined;
  }
}

// Somebody listens, but more callers wait already than it lets wait. When nobody listens the
// status is the same, and waiting would not help.
function backlogFull(error: unknown): boolean {
  return (
    CoroIpcError.is(error, CS.ERR_TRY_AGAIN) &&
    error.syscall === 'connect' &&
    error.errno === constants.errno.EAGAIN
  );
}
