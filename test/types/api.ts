// The public API as a compiler sees it: what it takes, and what it refuses. Nothing here runs.

import { libuvPoll } from '@coroipc/adapter-libuv';
import {
  type call,
  type connect,
  type connections,
  dispatches,
  type flowControl,
  type Readiness,
  type RxPoll,
  type requests,
  rxPoll,
  type ServedRequest,
  serve,
} from '@coroipc/adapter-rxjs';
import {
  CoroIpcError,
  type CoroipcsInitState,
  CS,
  coroipcc,
  coroipcs,
  type DispatchMessage,
  encodeRequest,
  encodeResponse,
  type HandlerRegistration,
  IpcClient,
  type IpcConnection,
  type IpcRequest,
  IpcServer,
  type IpcsConnection,
  type MessageSubscription,
  type OverflowPolicy,
  POLLIN,
  type PollAdapter,
  type PollHandle,
  type RequestHandler,
  type ServiceHandle,
  type Status,
  type StatusName,
  type statusName,
  type threadPoll,
  type Wire,
} from '@coroipc/core';

import { interval, map, type Observable, of } from 'rxjs';

type Equal<Left, Right> =
  (<Probe>() => Probe extends Left ? 1 : 2) extends <Probe>() => Probe extends Right ? 1 : 2
    ? true
    : false;
/** Compiles only where the two types are the same. */
function same<Left, Right>(_equal: Equal<Left, Right>): void {}

export function adapters(): void {
  const adapter: PollAdapter = libuvPoll();
  same<ReturnType<typeof threadPoll>, PollAdapter>(true);
  const handle: PollHandle = adapter.pollDispatchAdd(1, (revents) => {
    same<typeof revents, number>(true);
  });
  handle.modify(POLLIN);
  same<ReturnType<typeof handle.ref>, PollHandle>(true);
  // @ts-expect-error a descriptor is a number
  adapter.pollAcceptAdd('1', () => {});
  // @ts-expect-error there is no call-back
  adapter.pollDispatchAdd(1);
  // @ts-expect-error an adapter has jobs, too
  const incomplete: PollAdapter = { name: 'x', pollAcceptAdd: adapter.pollAcceptAdd };
  void incomplete;
}

export async function server(): Promise<void> {
  const one = new IpcServer({ name: 'demo' });
  // @ts-expect-error a server has a name
  new IpcServer({});
  // @ts-expect-error not a limit
  new IpcServer({ name: 'demo', limits: { maxEverything: 1 } });
  // @ts-expect-error a Promise admits nobody
  new IpcServer({ name: 'demo', authenticate: async () => true });

  const table: Record<number, RequestHandler> = {
    1: ({ payload }) => payload,
    2: () => 'text',
    3: async () => undefined,
    4: (request) => request.respond(),
    5: async () => new Uint8Array(1),
  };
  one.service(7, {
    connect: (connection) => {
      same<typeof connection, IpcConnection>(true);
      connection.data = 'anything';
    },
    requests: table,
    select: (id) => (id > 5 ? (request: IpcRequest) => request.fail(CS.ERR_BUSY) : undefined),
  });
  one.service(9, { overflow: 'drop-oldest', maxQueueBytes: 4096 });
  // @ts-expect-error not a policy
  one.service(10, { overflow: 'drop-newest' });
  same<OverflowPolicy, 'queue' | 'drop-oldest' | 'reject' | 'disconnect'>(true);
  const { dropped, rejected, overflows } = one.stats();
  same<[typeof dropped, typeof rejected, typeof overflows], [number, number, number]>(true);
  // @ts-expect-error a number is no payload
  one.service(8, { requests: { 1: () => 1 } });
  // @ts-expect-error a service has a number
  one.service('8', {});

  const registration = one.handle(7, undefined, ({ payload }) => payload);
  same<typeof registration, HandlerRegistration>(true);
  // @ts-expect-error every id has to be asked for
  one.handle(7, () => 'text');

  same<ReturnType<typeof one.listen>, Promise<void>>(true);
  same<ReturnType<typeof one.publish>, number>(true);
  one.on('connection', (connection) => {
    same<typeof connection, IpcConnection>(true);
    same<ReturnType<typeof connection.dispatch>, boolean>(true);
    same<typeof connection.generation, '1.2' | '1.4' | undefined>(true);
    same<typeof connection.wire, Wire>(true);
    // @ts-expect-error who a peer is cannot be changed
    connection.uid = 0;
  });
  one.on('requestError', (error, request) => {
    same<typeof error, unknown>(true);
    same<typeof request, IpcRequest>(true);
  });
  // @ts-expect-error not an event
  one.on('nothing', () => {});
  await one[Symbol.asyncDispose]();
}

export async function client(): Promise<void> {
  const one = await IpcClient.connect({ name: 'demo', service: 7, generation: 1.4 });
  // @ts-expect-error a client has a service
  void IpcClient.connect({ name: 'demo' });
  // @ts-expect-error not a generation
  void IpcClient.connect({ name: 'demo', service: 7, generation: '1.3' });
  // @ts-expect-error made by connect
  new IpcClient();

  same<ReturnType<typeof one.callSync>, Buffer>(true);
  same<ReturnType<typeof one.call>, Promise<Buffer>>(true);
  one.callSync(1, 'text', { timeoutMs: 5 });
  one.callSync(1, new Uint8Array(1));
  same<ReturnType<typeof one.callSyncInto>, number>(true);
  one.callSyncInto(1, undefined, new Uint8Array(1), { timeoutMs: 5 });
  // @ts-expect-error The memory has to be given.
  one.callSyncInto(1, 'text');
  // @ts-expect-error a number is no payload
  one.callSync(1, 5);
  // @ts-expect-error what blocks takes no signal
  one.callSync(1, 'x', { signal: AbortSignal.abort() });
  void one.call(1, 'x', { signal: AbortSignal.timeout(5) });

  for await (const message of one.dispatches({ highWaterMark: 5 })) {
    same<typeof message, DispatchMessage>(true);
    // @ts-expect-error a message is what it is
    message.id = 5;
  }
  const subscription = one.onMessage({
    message: (message) => same<typeof message, DispatchMessage>(true),
    ended: (error) => same<typeof error, CoroIpcError | undefined>(true),
  });
  same<typeof subscription, MessageSubscription>(true);
  // @ts-expect-error a sink takes messages
  one.onMessage({ ended: () => {} });
  one.on('dispatch', (message) => same<typeof message, DispatchMessage>(true));
  one.on('close', (error) => same<typeof error, CoroIpcError | undefined>(true));
  // @ts-expect-error only the library says whether it is closed
  one.closed = true;
}

export function observables(one: IpcServer, other: IpcClient): void {
  const poll = rxPoll({ source: libuvPoll(), operator: map((readiness) => readiness) });
  same<typeof poll, RxPoll>(true);
  same<typeof poll.readiness$, Observable<Readiness>>(true);
  // @ts-expect-error an operator lets readiness out
  rxPoll({ source: libuvPoll(), operator: map(() => 'text') });

  same<ReturnType<typeof connections>, Observable<IpcConnection>>(true);
  same<ReturnType<typeof requests>, Observable<IpcRequest>>(true);
  same<ReturnType<typeof serve>, Observable<ServedRequest>>(true);
  serve(one, 7, ({ payload }) => of(payload, 'text', undefined));
  serve(one, 7, async () => {}, { id: 1 });
  serve(one, 7, () => 'text');
  // @ts-expect-error a number is no payload
  serve(one, 7, () => interval(1));

  same<ReturnType<typeof connect>, Observable<IpcClient>>(true);
  same<ReturnType<typeof call>, Observable<Buffer>>(true);
  same<ReturnType<typeof flowControl>, Observable<boolean>>(true);
  const plain = dispatches(other, { overflow: 'pause', highWaterMark: 5 });
  same<typeof plain, Observable<DispatchMessage>>(true);
  const worked = dispatches(other, {
    overflow: 'drop-oldest',
    project: async ({ payload }) => payload.length,
  });
  same<typeof worked, Observable<number>>(true);
  // @ts-expect-error not what can be done
  dispatches(other, { overflow: 'explode' });
}

export function cFunctions(): void {
  const state: CoroipcsInitState = { socketName: 'demo' };
  state.sendingAllowed = (_service, _id, message, scratch) => message.length + scratch.length;
  state.handlerFnGet = (service, id) => {
    same<typeof service, number>(true);
    same<typeof id, number>(true);
    return (conn, message) => {
      same<typeof conn, IpcsConnection>(true);
      same<typeof message, Buffer>(true);
      coroipcs.responseSend(conn, encodeResponse(1, CS.OK, message));
    };
  };
  const made = coroipcs.ipcInit(state);
  same<ReturnType<typeof coroipcs.ipcExit>, 0 | -1>(true);
  coroipcs.ipcExit(made);
  // @ts-expect-error a state has a name
  coroipcs.ipcInit({});
  // @ts-expect-error not a member
  coroipcs.ipcInit({ socketName: 'demo', schedPolicy: 1 });
  // @ts-expect-error private data is asked of a connection
  coroipcs.privateDataGet(1);

  const handle = coroipcc.serviceConnect('demo', 7, 4096, 4096, 4096);
  same<typeof handle, ServiceHandle>(true);
  same<ReturnType<typeof coroipcc.dispatchGet>, Buffer | undefined>(true);
  same<ReturnType<typeof coroipcc.flowControlGet>, boolean>(true);
  coroipcc.msgSendReplyReceive(handle, [encodeRequest(1), new Uint8Array(1)], 100);
  // @ts-expect-error the sizes are not optional
  coroipcc.serviceConnect('demo', 7);
  // @ts-expect-error a message is made of bytes
  coroipcc.msgSendReplyReceive(handle, 'text');
}

export function statuses(error: unknown): void {
  same<(typeof CS)['OK'], 1>(true);
  same<ReturnType<typeof statusName>, StatusName | undefined>(true);
  const status: Status = CS.ERR_TRY_AGAIN;
  // @ts-expect-error 29 is unused
  const unused: Status = 29;
  void [status, unused];
  if (CoroIpcError.is(error, CS.ERR_LIBRARY)) {
    same<typeof error, CoroIpcError>(true);
    same<typeof error.disconnected, boolean>(true);
    same<typeof error.errno, number | undefined>(true);
  }
}
