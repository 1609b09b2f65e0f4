import { CS, statusName, statusText } from './status.js';

/** What an error may carry beside its status. */
export interface CoroIpcErrorDetails {
  /** The positive errno of the system call that failed. */
  readonly errno?: number;
  /** The name of the system call that failed. */
  readonly syscall?: string;
  /** What led to this error. */
  readonly cause?: unknown;
}

/**
 * The one error of this library: an operation ended with a status other than `CS.OK`.
 *
 * Mistakes in arguments are not among them: they throw a `TypeError` or a `RangeError` at once.
 */
export class CoroIpcError extends Error {
  override readonly name: string = 'CoroIpcError';
  /** The status by name, Node's way: `'ERR_COROIPC_TRY_AGAIN'`. */
  readonly code: string;
  /** The status by number, as it travels on the wire: {@link CS}. */
  readonly status: number;
  /** The positive errno of the failed system call, where one failed. */
  readonly errno: number | undefined;
  /** The name of the failed system call, where one failed. */
  readonly syscall: string | undefined;

  constructor(status: number, what: string, details: CoroIpcErrorDetails = {}) {
    const call =
      details.syscall === undefined ? '' : ` (${details.syscall}: errno ${details.errno ?? 0})`;
    super(
      `${what}: ${statusText(status)}${call}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.status = status;
    this.code = `ERR_COROIPC_${(statusName(status) ?? `STATUS_${status}`).replace(/^ERR_/, '')}`;
    this.errno = details.errno;
    this.syscall = details.syscall;
  }

  /** Whether a value is such an error; with `status`, whether it has that status. */
  static is(value: unknown, status?: number): value is CoroIpcError {
    return value instanceof CoroIpcError && (status === undefined || value.status === status);
  }

  /** Whether the connection this error speaks of is over: the peer died or hung up. */
  get disconnected(): boolean {
    return this.status === CS.ERR_LIBRARY || this.status === CS.ERR_IN_SHUTDOWN;
  }
}
