// Why a connection was not made, in words that name what was asked for.

import { CoroIpcError } from '../errors.js';
import type { NativeClientOptions } from '../native.js';
import { CS } from '../status.js';

/** The error of a handshake, with what it was about; any other as it is. */
export function refused(error: unknown, options: NativeClientOptions): unknown {
  // What a system call said names itself.
  if (!CoroIpcError.is(error) || error.syscall !== undefined) return error;
  const { name, service } = options;
  const what = `cannot connect to service ${service} of "${name}"${asked(error.status, options)}`;
  return new CoroIpcError(error.status, what, { cause: error.cause });
}

// What a status is about.
function asked(status: number, options: NativeClientOptions): string {
  const { requestBytes, responseBytes, dispatchBytes, generation, serverUid } = options;
  switch (status) {
    case CS.ERR_TOO_BIG:
      return ` with requestBytes ${requestBytes}, responseBytes ${responseBytes} and dispatchBytes ${dispatchBytes}`;
    case CS.ERR_NOT_SUPPORTED:
      return ` over the ${generation === 0 ? 'native' : 'classic'} wire`;
    case CS.ERR_SECURITY:
      return serverUid < 0 ? '' : ` with serverUid ${serverUid}`;
    default:
      return '';
  }
}
