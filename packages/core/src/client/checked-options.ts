// What an IpcClient is given, checked and completed.

import {
  checkAdapter,
  checkBoolean,
  checkInteger,
  checkOptions,
  checkSignal,
  checkTimeout,
  MAX_INT32,
  optionNames,
} from '../arguments.js';
import { connectOptions, DEFAULT_CONNECT_TIMEOUT_MS } from '../client-engine/connect-options.js';
import type { NativeClientOptions } from '../native.js';
import type { PollAdapter } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import type { WaitingLimits } from './call-queue.js';
import type {
  CallOptions,
  CallSyncOptions,
  DispatchesOptions,
  IpcClientOptions,
} from './ipc-client-options.js';
import type { CallLimits } from './pending-call.js';

const DEFAULT_HIGH_WATER_MARK = 256;
const DEFAULT_MAX_WAITING = 65_536;
const DEFAULT_MAX_WAITING_BYTES = 64 * 1024 * 1024;

const CONNECT_OPTIONS = optionNames<IpcClientOptions>({
  name: true,
  service: true,
  adapter: true,
  wire: true,
  generation: true,
  maxInFlight: true,
  maxWaiting: true,
  maxWaitingBytes: true,
  serverUid: true,
  requestBytes: true,
  responseBytes: true,
  dispatchBytes: true,
  inPlace: true,
  maxZeroCopyBuffers: true,
  maxBufferBytes: true,
  timeoutMs: true,
  spinUs: true,
  signal: true,
});
const CALL_SYNC_OPTIONS = optionNames<CallSyncOptions>({ timeoutMs: true });
const CALL_OPTIONS = optionNames<CallOptions>({ timeoutMs: true, signal: true });
const DISPATCHES_OPTIONS = optionNames<DispatchesOptions>({ highWaterMark: true, signal: true });

const NO_LIMITS: CallLimits = { timeoutMs: -1, signal: undefined };

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
  checkOptions('options', options, CONNECT_OPTIONS);
  const { timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS, signal, adapter, inPlace } = options;
  return {
    native: connectOptions({ ...NOTHING_ASKED, ...options }, 'options.'),
    timeoutMs: checkTimeout('options.timeoutMs', timeoutMs),
    signal: checkSignal('options.signal', signal),
    adapter: adapter === undefined ? threadPoll() : checkAdapter('options.adapter', adapter),
    inPlace: inPlace === undefined ? false : checkBoolean('options.inPlace', inPlace),
    waiting: waitingLimits(options),
  };
}

/** The time a blocking call may take, in milliseconds; -1 is no limit. */
export function syncTimeoutOf(options: CallSyncOptions | undefined): number {
  return options === undefined ? -1 : timeoutOf(options, CALL_SYNC_OPTIONS);
}

/** The limits of a call. */
export function callLimitsOf(options: CallOptions | undefined): CallLimits {
  if (options === undefined) return NO_LIMITS;
  const timeoutMs = timeoutOf(options, CALL_OPTIONS);
  return { timeoutMs, signal: checkSignal('options.signal', options.signal) };
}

function timeoutOf(options: CallSyncOptions, known: readonly string[]): number {
  checkOptions('options', options, known);
  const { timeoutMs = -1 } = options;
  return checkTimeout('options.timeoutMs', timeoutMs);
}

/** Messages that may wait in an iterator. */
export function highWaterMarkOf(options: DispatchesOptions | undefined): number {
  if (options !== undefined) checkOptions('options', options, DISPATCHES_OPTIONS);
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
