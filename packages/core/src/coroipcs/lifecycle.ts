// coroipcs from `ipcInit` to `ipcExit`, and the two functions that a host's poll loop calls.

import { checkId, checkInteger, describe, MAX_INT32 } from '../arguments.js';
import { CoroIpcError } from '../errors.js';
import type { PollEvents } from '../poll/contract.js';
import { threadPoll } from '../poll/thread-poll.js';
import { AdapterWatches } from '../server-engine/watches.js';
import { CS } from '../status.js';
import { hooksOf } from './hooks.js';
import { DispatchContext, dispatchTo, HostPolls, listenerOf } from './host-polls.js';
import { runtimes, ServerRuntime } from './runtime.js';
import type { CoroipcsInitState, IpcsContext, IpcsServer } from './state.js';

/**
 * Opens a server (`coroipcs_ipc_init`, `coroipcs_ipc_init_v2`). A thread may have several.
 *
 * @throws {CoroIpcError} when the name is taken or the system refuses, after `fatalError`.
 * @throws {TypeError} for a member of the wrong kind. @throws {RangeError} for one out of range.
 * @example
 * coroipcs.ipcInit({
 *   socketName: 'echo',
 *   handlerFnGet: () => (conn, message) =>
 *     coroipcs.responseSend(conn, encodeResponse(1, CS.OK, message.subarray(16))),
 * });
 */
export function ipcInit(state: CoroipcsInitState): IpcsServer {
  const hooks = hooksOf(state);
  const watches =
    state.pollAcceptAdd === undefined
      ? new AdapterWatches(state.adapter ?? threadPoll())
      : new HostPolls(state);
  const server = new ServerRuntime(hooks, watches);
  try {
    server.open();
  } catch (error) {
    hooks.fatalError(error instanceof Error ? error.message : String(error));
    throw error;
  }
  return server;
}

/**
 * Ends servers with all their connections (`coroipcs_ipc_exit`): `server`, or every server of
 * this thread. Disconnect functions run; a busy one is asked again later.
 *
 * @returns 0 when everything has ended, -1 while a connection is still ending.
 */
export function ipcExit(server?: IpcsServer): 0 | -1 {
  const servers = chosen(server);
  for (const one of servers) one.engine.close();
  return servers.every((one) => one.closed) ? 0 : -1;
}

/**
 * Ends the connections of a service (`coroipcs_ipc_service_exit`), at one server or at every
 * server of this thread.
 *
 * @returns 0 when none is left, -1 while one is still ending: call it again later.
 */
export function ipcServiceExit(service: number, server?: IpcsServer): 0 | -1 {
  checkId('service', service);
  let left = 0;
  for (const one of chosen(server)) left += one.engine.endService(service);
  return left === 0 ? 0 : -1;
}

/**
 * Accepts what waits on a listening descriptor (`coroipcs_handler_accept`): the host calls it
 * when the descriptor of `pollAcceptAdd` is readable. `data` is ignored.
 *
 * @returns 0
 * @throws {CoroIpcError} BAD_HANDLE for a descriptor that is not, or no longer, a server's.
 * Exceptions of the state's functions come out here.
 */
export function handlerAccept(fd: number, revents: PollEvents, _data?: unknown): 0 {
  checkInteger('fd', fd, 0, MAX_INT32);
  checkInteger('revents', revents, 0, MAX_INT32);
  const listener = listenerOf(fd);
  if (listener === undefined) {
    throw new CoroIpcError(CS.ERR_BAD_HANDLE, `handlerAccept: no server listens on fd ${fd}`);
  }
  listener.accept();
  return 0;
}

/**
 * Serves one readiness (`coroipcs_handler_dispatch`) of a descriptor of `pollDispatchAdd`.
 *
 * @returns 0: go on watching. -1: the descriptor is closed already, remove it from the poll set;
 * `pollDispatchDestroy` is not called for it.
 * @throws what the state's functions threw; an AggregateError when several did.
 */
export function handlerDispatch(fd: number, revents: PollEvents, context: IpcsContext): 0 | -1 {
  checkInteger('fd', fd, 0, MAX_INT32);
  checkInteger('revents', revents, 0, MAX_INT32);
  if (!(context instanceof DispatchContext)) {
    throw new TypeError(`context must be what pollDispatchAdd was given, got ${describe(context)}`);
  }
  if (context.fd !== fd) {
    throw new RangeError(`context must be the one of fd ${fd}, got that of fd ${context.fd}`);
  }
  return dispatchTo(context, revents) ? 0 : -1;
}

function chosen(server: IpcsServer | undefined): ServerRuntime[] {
  if (server === undefined) return [...runtimes];
  if (!(server instanceof ServerRuntime)) {
    throw new TypeError(`server must be what ipcInit returned, got ${describe(server)}`);
  }
  return [server];
}
