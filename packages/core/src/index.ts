// The public face of @coroipc/core. What is not listed here is not public.

export { IpcClient } from './client/ipc-client.js';
export type {
  CallOptions,
  CallSyncOptions,
  ClientStats,
  DispatchesOptions,
  IpcClientEvents,
  IpcClientOptions,
} from './client/ipc-client-options.js';
export type { BatchSink, MessageSink, MessageSubscription } from './client/message-sink.js';
export type { Generation } from './client-engine/connect-options.js';
export type { ServiceHandle } from './coroipcc/handle.js';
export * as coroipcc from './coroipcc/index.js';
export type { WaitOptions } from './coroipcc/requests.js';
export type { ServiceConnectOptions } from './coroipcc/service.js';
export * as coroipcs from './coroipcs/index.js';
export type {
  CoroipcsInitState,
  ExitFunction,
  HandlerFunction,
  InitFunction,
  IpcsConnection,
  IpcsContext,
  IpcsServer,
  StatsHandle,
} from './coroipcs/state.js';
export type { DispatchMessage } from './dispatch-message.js';
export { CoroIpcError, type CoroIpcErrorDetails } from './errors.js';
export {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type Payload,
  REQUEST_HEADER_BYTES,
  RESPONSE_HEADER_BYTES,
  type RequestHeader,
  type ResponseHeader,
} from './messages.js';
export {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  type PollAdapter,
  type PollEvents,
  type PollHandle,
} from './poll/contract.js';
export { type PollRequest, poll } from './poll/poll.js';
export { threadPoll } from './poll/thread-poll.js';
export type { IpcConnection } from './server/ipc-connection.js';
export type { IpcRequest } from './server/ipc-request.js';
export { IpcServer } from './server/ipc-server.js';
export type { IpcServerEvents, IpcServerOptions } from './server/ipc-server-options.js';
export type { ConnectionStats, ServerStats, TrafficStats } from './server/server-stats.js';
export type { PeerCredentials } from './server/service-host.js';
export type {
  HandlerRegistration,
  RequestHandler,
  ServiceDefinition,
} from './server/service-table.js';
export { DEFAULT_SERVER_LIMITS, type ServerLimits } from './server-engine/limits.js';
export type { OverflowPolicy } from './server-engine/overflow.js';
export { CS, type Status, type StatusName, statusName, statusText } from './status.js';
export type { Wire } from './wires.js';
export type { ZeroCopyBuffer } from './zero-copy-buffer.js';
