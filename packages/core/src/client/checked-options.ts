// What an IpcClient is given, checked and completed.

import {
  checkAdapter,
  checkBoolean,
  checkInteger,
  checkObject,
  checkSignal,
  checkTimeout,
  MAX_INT32,
} from '../arguments.js';
import { connectOptions, DEFAULT_CONNECT_TIMEOUT_MS } from '../client-engine/connect-options.js';
import type { NativeClientOptions } from '../native.js';
import type { PollAdapter } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import type { WaitingLimits } from './call-queue.js';
import type { CallSyncOptions, DispatchesOptions, IpcClientOptions } from './ipc-client-options.js';

const DEFAULT_HIGH_WATER_MARK = 256;
const DEFAULT_MAX_WAITING = 65_536;
const DEFAULT_MAX_WAITING_BYTES = 64 * 1024 * 1024;

const NOTHING_ASKED = {
  requestBytes: undefined,
  responseBytes: undefined,
  dispatchBytes: undefined,
  wire: undefined,
  generation: undefined,
  maxInFlight: undefined,
  serverUid: undefined,
  maxZeroCopyBuffers: undefined,
  maxBufferBytes: undefined,
  spinUs: undefined,
};

/** All that a connection is made with. */
export interface ConnectArguments {
  readonly native: NativeClientOptions;
  readonly adapter: PollAdapter;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly inPlace: boolean;
  readonly waiting: WaitingLimits;
}

export function checkConnect(options: IpcClientOptions): ConnectArguments {
  checkObject('options', options);
  const { timeoutMs, signal, adapter, inPlace } = options;
  return {
    native: connectOptions({ ...NOTHING_ASKED, ...options }, 'options.'),
    timeoutMs: checkTimeout('options.timeoutMs', timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS),
    signal: checkSignal('options.signal', signal),
    adapter: adapter === undefined ? threadPoll() : checkAdapter('options.adapter', adapter),
    inPlace: inPlace === undefined ? false : checkBoolean('options.inPlace', inPlace),
    waiting: waitingLimits(options),
  };
}

/** The time a call may take, in milliseconds; -1 is no limit. */
export function timeoutOf(options: CallSyncOptions | undefined): number {
  if (options === undefined) return -1;
  checkObject('options', options);
  return checkTimeout('options.timeoutMs', options.timeoutMs ?? -1);
}

/** Messages that may wait in an iterator. */
export function highWaterMarkOf(options: DispatchesOptions | undefined): number {
  if (options !== undefined) checkObject('options', options);
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK } = options ?? {};
  return checkInteger('options.highWaterMark', highWaterMark, 1, MAX_INT32);
}

function waitingLimits({ maxWaiting, maxWaitingBytes }: IpcClientOptions): WaitingLimits {
  const limit = (name: string, value: unknown, otherwise: number) =>
    value === undefined ? otherwise : checkInteger(`options.${name}`, value, 0, MAX_INT32);
  return {
    calls: limit('maxWaiting', maxWaiting, DEFAULT_MAX_WAITING),
    bytes: limit('maxWaitingBytes', maxWaitingBytes, DEFAULT_MAX_WAITING_BYTES),
  };
}
