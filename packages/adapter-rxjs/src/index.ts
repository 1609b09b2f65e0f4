// The public face of @coroipc/adapter-rxjs. What is not listed here is not public.

export type { Overflow } from './bounded-map.js';
export { call, connect, flowControl } from './client.js';
export { type DispatchesWork, dispatches, type OverflowOptions } from './dispatches.js';
export { type Readiness, type RxPoll, type RxPollOptions, rxPoll } from './rx-poll.js';
export { type Respond, type ServedRequest, type ServeOptions, serve } from './serve.js';
export { connections, type RequestsOptions, requests } from './server.js';
