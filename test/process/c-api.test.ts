// coroipcs in this process, coroipcc in another: what every function and every member of the
// state does, on every wire.

import {
  CoroIpcError,
  type CoroipcsInitState,
  CS,
  coroipcs,
  encodeResponse,
  type IpcsConnection,
  type IpcsServer,
} from '@coroipc/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child, freshName, type Task } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';
import { EVERY_WIRE, SPEAKS, type Speaks, WIRES } from './wires.js';

interface Argument {
  readonly name: string;
  readonly speaks: Speaks;
}

function serve(state: Omit<CoroipcsInitState, 'socketName'>): { name: string; server: IpcsServer } {
  const name = freshName();
  const server = coroipcs.ipcInit({ socketName: name, wires: WIRES, ...state });
  onTestFinished(async () => {
    await eventually(() => expect(coroipcs.ipcExit(server)).toBe(0));
  });
  return { name, server };
}

const echo = (conn: IpcsConnection, message: Buffer): void => {
  const id = message.readInt32LE(8);
  coroipcs.responseSend(conn, encodeResponse(id, CS.OK, message.subarray(16)));
};

/** Runs a client to its end and gives what it said by the word "result". */
async function client(task: Task<Argument>, name: string, speaks: Speaks = SPEAKS.native) {
  const child = Child.start(task, { name, speaks });
  const ended = await child.ended();
  expect(ended).toMatchObject({ outcome: 0, errors: '' });
  return child.values('result');
}

/** Sends one echo and says its error and its payload, or the status that was thrown. */
const callOnce: Task<Argument> = (tools, { name, speaks }) => {
  const { coroipcc, encodeRequest, CoroIpcError, say } = tools;
  try {
    const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
    const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(3, 'hello'));
    say('result', [answer.readInt32LE(16), answer.subarray(24).toString()]);
    coroipcc.serviceDisconnect(handle);
  } catch (error) {
    say('result', CoroIpcError.is(error) ? error.status : String(error));
  }
};

describe.each(EVERY_WIRE)('over %s', (over) => {
  const speaks = SPEAKS[over];

  it('a state of a name and a handler is enough', async () => {
    const { name } = serve({ handlerFnGet: () => echo });
    expect(await client(callOnce, name, speaks)).toEqual([[1, 'hello']]);
  });

  it('a state of a name alone answers INVALID_PARAM', async () => {
    const { name } = serve({});
    expect(await client(callOnce, name, speaks)).toEqual([[7, '']]);
  });

  it('sendingAllowed decides, with its scratch, and is released whatever it said', async () => {
    const seen: unknown[] = [];
    let allowed = 1;
    const { name } = serve({
      handlerFnGet: () => echo,
      sendingAllowed(service, id, message, scratch) {
        seen.push(['asked', service, id, message.subarray(16).toString(), scratch.length]);
        scratch.writeInt32LE(allowed, 100);
        return allowed;
      },
      sendingAllowedRelease: (scratch) => seen.push(['released', scratch.readInt32LE(100)]),
    });
    expect(await client(callOnce, name, speaks)).toEqual([[1, 'hello']]);
    allowed = 0;
    expect(await client(callOnce, name, speaks)).toEqual([CS.ERR_TRY_AGAIN]);
    allowed = -1;
    expect(await client(callOnce, name, speaks)).toEqual([[CS.ERR_INVALID_PARAM, '']]);
    const asked = ['asked', 5, 3, 'hello', 512];
    expect(seen).toEqual([asked, ['released', 1], asked, ['released', 0], asked, ['released', -1]]);
  });

  it('calls its functions in the order of the C library', async () => {
    const order: string[] = [];
    const note =
      <Result>(what: string, result: Result) =>
      (): Result => {
        order.push(what);
        return result;
      };
    const { name } = serve({
      securityValid: note('securityValid', 1),
      serviceAvailable: note('serviceAvailable', 1),
      privateDataSizeGet: note('privateDataSizeGet', 0),
      initFnGet: () => note('init', 0),
      exitFnGet: () => note('exit', 0),
      serializeLock: note('lock', undefined),
      serializeUnlock: note('unlock', undefined),
      sendingAllowed: note('sendingAllowed', 1),
      sendingAllowedRelease: note('release', undefined),
      handlerFnGet: () => (conn, message) => {
        order.push('handler');
        echo(conn, message);
      },
    });
    expect(await client(callOnce, name, speaks)).toEqual([[1, 'hello']]);
    await eventually(() => expect(order.at(-1)).toBe('unlock'));
    await eventually(() => expect(order).toContain('exit'));
    expect(order).toEqual([
      ...['securityValid', 'serviceAvailable', 'privateDataSizeGet', 'init'],
      ...['lock', 'sendingAllowed', 'handler', 'release', 'unlock'],
      ...['lock', 'exit', 'unlock'],
    ]);
  });

  it('refuses: security, no service, a connect function that says no or throws', async () => {
    const files = sharedFiles();
    const refusing = async (state: Omit<CoroipcsInitState, 'socketName'>) => {
      const { name } = serve({ handlerFnGet: () => echo, ...state });
      return (await client(callOnce, name, speaks))[0];
    };
    expect(await refusing({ securityValid: () => 0 })).toBe(CS.ERR_SECURITY);
    expect(await refusing({ securityValid: () => false })).toBe(CS.ERR_SECURITY);
    const promise = (() => Promise.resolve(1)) as unknown as () => number;
    expect(await refusing({ securityValid: promise })).toBe(CS.ERR_SECURITY);
    expect(await refusing({ serviceAvailable: (service) => service !== 5 })).toBe(CS.ERR_NOT_EXIST);
    expect(await refusing({ initFnGet: () => () => -1 })).toBe(CS.ERR_LIBRARY);
    await expectNoneLeft(files);
  });

  it('private data is a zeroed Buffer, or whatever takes its place', async () => {
    const data: unknown[] = [];
    const { name } = serve({
      privateDataSizeGet: (service) => service * 10,
      initFnGet: () => (conn) => {
        const bytes = coroipcs.privateDataGet(conn) as Buffer;
        data.push(
          bytes.length,
          bytes.every((byte) => byte === 0),
        );
        bytes.write('kept');
      },
      handlerFnGet: () => (conn, message) => {
        data.push((coroipcs.privateDataGet(conn) as Buffer).toString('latin1', 0, 4));
        coroipcs.privateDataSet(conn, { any: 'value' });
        echo(conn, message);
      },
      exitFnGet: () => (conn) => {
        data.push(coroipcs.privateDataGet(conn));
      },
    });
    await client(callOnce, name, speaks);
    await eventually(() => expect(data).toEqual([50, true, 'kept', { any: 'value' }]));
  });

  it('a busy disconnect function is asked again; a reference outlives it', async () => {
    let asked = 0;
    let conn: IpcsConnection | undefined;
    const { name } = serve({
      privateDataSizeGet: () => 4,
      handlerFnGet: () => (connection, message) => {
        conn = connection;
        coroipcs.refcountInc(connection);
        echo(connection, message);
      },
      exitFnGet: () => () => {
        asked++;
        return asked < 4 ? -1 : 0;
      },
    });
    await client(callOnce, name, speaks);
    await eventually(() => expect(asked).toBe(4));
    const kept = conn as IpcsConnection;
    expect((coroipcs.privateDataGet(kept) as Buffer).length).toBe(4);
    expect(() => coroipcs.dispatchSend(kept, encodeResponse(1, 1))).toThrow(CoroIpcError);
    coroipcs.refcountInc(kept);
    coroipcs.refcountDec(kept);
    coroipcs.refcountDec(kept);
    expect(() => coroipcs.refcountDec(kept)).toThrow(CoroIpcError);
    expect(asked).toBe(4);
  });

  it('statistics by their names, and the log', async () => {
    const counts: Record<string, number> = {};
    const updates: Record<string, number> = {};
    const created: unknown[] = [];
    const destroyed: unknown[] = [];
    const lines: [number, string][] = [];
    const { name } = serve({
      handlerFnGet: (_service, id) =>
        id === 3
          ? (conn, message) => {
              for (let left = 100; left > 0; left--) {
                coroipcs.dispatchSend(conn, encodeResponse(1, CS.OK, Buffer.alloc(1000)));
              }
              echo(conn, message);
            }
          : undefined,
      statsCreateConnection(connection, pid, fd) {
        created.push(connection, pid, fd);
        return 'the handle';
      },
      statsDestroyConnection: (handle) => destroyed.push(handle),
      statsUpdateValue(handle, value, to) {
        expect(handle).toBe('the handle');
        updates[value] = to;
      },
      statsIncrementValue(handle, value) {
        expect(handle).toBe('the handle');
        counts[value] = (counts[value] ?? 0) + 1;
      },
      statsDecrementValue(_handle, value) {
        counts[`-${value}`] = (counts[`-${value}`] ?? 0) + 1;
      },
      logSubsysId: 5,
      logPrintf: (recId, _function, _file, _line, message) => lines.push([recId, message]),
      oldLogPrintf: () => expect.unreachable(),
    });
    await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest } = tools;
        const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
        coroipcc.msgSendReplyReceive(handle, encodeRequest(3, 'x'));
        for (let left = 100; left > 0; left--) coroipcc.dispatchRecv(handle);
        coroipcc.msgSendReplyReceive(handle, encodeRequest(4, 'x'));
      },
      name,
      speaks,
    );
    await eventually(() => expect(destroyed).toEqual(['the handle']));
    const [connection, pid, fd] = created as [string, number, number];
    expect(connection).toMatch(new RegExp(`^\\S+:5:${pid}:${fd}$`));
    expect(counts).toMatchObject({
      requests: 2,
      responses: 2,
      dispatched: 100,
      flow_control_count: expect.any(Number),
      invalid_request: 1,
    });
    expect(counts['queue_size']).toBeGreaterThan(50);
    expect(counts['-queue_size']).toBe(counts['queue_size']);
    expect(updates).toEqual({ service_id: 5, flow_control: 0 });
    expect(lines.length).toBeGreaterThan(0);
    for (const [recId, message] of lines) {
      expect(recId >> 3).toBe(5);
      expect(message).toEqual(expect.any(String));
    }
  });

  it('responses: in parts, later, twice, too large, of a wrong size', async () => {
    const outcomes: unknown[] = [];
    const status = (step: () => unknown) => {
      try {
        outcomes.push(step());
      } catch (error) {
        outcomes.push(CoroIpcError.is(error) ? error.status : (error as Error).name);
      }
    };
    const { name } = serve({
      handlerFnGet: () => (conn, message) => {
        const answer = encodeResponse(3, CS.OK, message.subarray(16));
        // The native wire's rings are powers of two.
        const tooBig = encodeResponse(3, CS.OK, Buffer.alloc(16_384));
        status(() => coroipcs.responseSend(conn, tooBig));
        status(() => coroipcs.responseSend(conn, Buffer.alloc(100)));
        setTimeout(() => {
          const iov = [answer.subarray(0, 5), answer.subarray(5, 27), answer.subarray(27)];
          status(() => coroipcs.responseIovSend(conn, iov));
          status(() => coroipcs.responseSend(conn, answer));
        }, 20);
      },
    });
    expect(await client(callOnce, name, speaks)).toEqual([[1, 'hello']]);
    expect(outcomes).toEqual([CS.ERR_TOO_BIG, 'RangeError', 0, CS.ERR_BAD_OPERATION]);
  });

  it('dispatches: in parts, too large, up to the limit of the queue, in order', async () => {
    const outcomes: unknown[] = [];
    const status = (step: () => unknown) => {
      try {
        return step();
      } catch (error) {
        return CoroIpcError.is(error) ? error.status : String(error);
      }
    };
    const { name } = serve({
      limits: { maxQueueBytes: 20_000 },
      handlerFnGet: () => (conn, message) => {
        const whole = encodeResponse(1, CS.OK, 'in parts');
        const iov = [whole.subarray(0, 25), whole.subarray(25, 26), whole.subarray(26)];
        outcomes.push(status(() => coroipcs.dispatchIovSend(conn, iov)));
        const tooBig = encodeResponse(1, CS.OK, Buffer.alloc(8192));
        outcomes.push(status(() => coroipcs.dispatchSend(conn, tooBig)));
        let sent = 1;
        for (;;) {
          const next = encodeResponse(sent, CS.OK, Buffer.alloc(500, sent));
          const outcome = status(() => coroipcs.dispatchSend(conn, next));
          if (outcome !== 0) {
            outcomes.push(outcome);
            break;
          }
          sent++;
        }
        coroipcs.responseSend(conn, encodeResponse(3, CS.OK, String(sent)));
        void message;
      },
    });
    const [sent, flow, received] = await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest, say } = tools;
        const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
        const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(3));
        const count = Number(answer.subarray(24).toString());
        say('result', count);
        const flow = new Set<boolean>();
        let message = coroipcc.dispatchRecv(handle);
        if (message?.subarray(24).toString() !== 'in parts') throw new Error('a wrong message');
        for (let number = 1; number < count; number++) {
          message = coroipcc.dispatchGet(handle, 10_000);
          flow.add(coroipcc.flowControlGet(handle));
          if (message?.readInt32LE(8) !== number) throw new Error('a wrong order');
          if (message[24] !== (number & 0xff)) throw new Error('a wrong message');
          coroipcc.dispatchPut(handle);
        }
        if (coroipcc.dispatchGet(handle, 100) !== undefined) throw new Error('one too many');
        flow.add(coroipcc.dispatchFlowControlGet(handle));
        say('result', [...flow].sort());
        say('result', 'all');
      },
      name,
      speaks,
    );
    expect(outcomes).toEqual([0, CS.ERR_TOO_BIG, CS.ERR_TRY_AGAIN]);
    expect(sent).toBeGreaterThan(40);
    expect(flow).toEqual([false, true]);
    expect(received).toBe('all');
  });

  it('coroipcc: in the buffer, cut answers, time limits', async () => {
    let waiting: IpcsConnection | undefined;
    const { name } = serve({
      handlerFnGet: (_service, id) => {
        if (id === 3) return echo;
        if (id === 9) {
          return (conn) => {
            waiting = conn;
            setTimeout(() => coroipcs.responseSend(conn, encodeResponse(9, CS.OK, 'late')), 300);
          };
        }
        return null;
      },
    });
    const results = await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest, CoroIpcError, CS, say } = tools;
        const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
        const text = (answer: Uint8Array) => Buffer.from(answer).subarray(24).toString();
        const status = (step: () => unknown) => {
          try {
            step();
            return 0;
          } catch (error) {
            return CoroIpcError.is(error) ? error.status : (error as Error).name;
          }
        };
        const request = encodeRequest(3, 'hello');
        const more = Buffer.from(request);
        more.writeInt32LE(100);
        say(
          'result',
          status(() => coroipcc.msgSendReplyReceive(handle, [more])),
        );
        // In the buffer.
        const view = coroipcc.msgSendReplyReceiveInBufGet(handle, [request]);
        const busy = status(() => coroipcc.msgSendReplyReceive(handle, request));
        say('result', [text(view), busy]);
        coroipcc.msgSendReplyReceiveInBufPut(handle);
        const again = status(() => coroipcc.msgSendReplyReceiveInBufPut(handle));
        say('result', [again, status(() => coroipcc.dispatchPut(handle))]);
        // Cut answers, and requests that are too large.
        say('result', text(coroipcc.msgSendReplyReceive(handle, request, 26)));
        const large = encodeRequest(3, Buffer.alloc(16_384));
        say('result', [
          status(() => coroipcc.msgSendReplyReceive(handle, large)),
          status(() => coroipcc.msgSendReplyReceive(handle, request, 23)),
        ]);
        // Time limits: the late answer is not taken for the next one.
        const late = encodeRequest(9);
        const options = { timeoutMs: 20 };
        const timeout = status(() => coroipcc.msgSendReplyReceive(handle, late, 100, options));
        if (timeout !== CS.ERR_TIMEOUT) throw new Error(`not a timeout: ${timeout}`);
        say('result', text(coroipcc.msgSendReplyReceive(handle, request)));
        say('result', coroipcc.dispatchGet(handle, 10) ?? 'none');
        // No payload at all, and the ids' edges.
        say('result', text(coroipcc.msgSendReplyReceive(handle, encodeRequest(3))));
        const error = (id: number) =>
          coroipcc.msgSendReplyReceive(handle, encodeRequest(id)).readInt32LE(16);
        say('result', [error(0), error(65535), error(65536), error(-5)]);
        coroipcc.serviceDisconnect(handle);
      },
      name,
      speaks,
    );
    expect(waiting).toBeDefined();
    expect(results).toEqual([
      over === 'native' ? CS.ERR_INVALID_PARAM : 0,
      ['hello', CS.ERR_BUSY],
      [CS.ERR_BAD_OPERATION, CS.ERR_BAD_OPERATION],
      'he',
      [CS.ERR_INVALID_PARAM, 'RangeError'],
      'hello',
      'none',
      '',
      [7, 7, 7, 7],
    ]);
  });

  it('messages of 1 MiB each way', async () => {
    const { name } = serve({
      handlerFnGet: () => (conn, message) => {
        coroipcs.dispatchSend(conn, encodeResponse(8, CS.OK, message.subarray(16, -1000)));
        echo(conn, message);
      },
    });
    const results = await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest, say } = tools;
        const mib = 1024 * 1024;
        const handle = coroipcc.serviceConnect(name, 5, mib, mib, mib, speaks);
        for (let round = 0; round < 5; round++) {
          const body = Buffer.alloc(mib - 24, `round ${round}`);
          const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(3, body));
          const message = coroipcc.dispatchRecv(handle);
          say('result', [
            answer.subarray(24).equals(body),
            message?.subarray(24).equals(body.subarray(0, -1000)),
          ]);
        }
      },
      name,
      speaks,
    );
    expect(results).toEqual(Array.from({ length: 5 }, () => [true, true]));
  });

  it('every service from 0 to 65535 can be had, and none beyond', async () => {
    const services: number[] = [];
    const { name } = serve({
      initFnGet: (service) => () => {
        services.push(service);
      },
      handlerFnGet: (service, id) => (service === id ? echo : null),
    });
    const results = await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest, say } = tools;
        for (const service of [0, 1, 32768, 65535]) {
          const handle = coroipcc.serviceConnect(name, service, 4096, 4096, 4096, speaks);
          const answer = coroipcc.msgSendReplyReceive(handle, encodeRequest(service));
          say('result', answer.readInt32LE(16));
          coroipcc.serviceDisconnect(handle);
        }
        try {
          coroipcc.serviceConnect(name, 65536, 4096, 4096, 4096, speaks);
        } catch (error) {
          say('result', (error as Error).name);
        }
      },
      name,
      speaks,
    );
    expect(results).toEqual([1, 1, 1, 1, 'RangeError']);
    expect(services).toEqual([0, 1, 32768, 65535]);
  });
});

describe.each(EVERY_WIRE)('zero-copy buffers, over %s', (over) => {
  const speaks = SPEAKS[over];

  it('carry requests, and are known until they are freed', async () => {
    const { name } = serve({ handlerFnGet: () => echo });
    const results = await client(
      (tools, { name, speaks }) => {
        const { coroipcc, encodeRequest, CoroIpcError, say } = tools;
        const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
        const status = (step: () => unknown) => {
          try {
            step();
            return 0;
          } catch (error) {
            return CoroIpcError.is(error) ? error.status : (error as Error).name;
          }
        };
        const buffer = coroipcc.zcbAlloc(handle, 100_000, 16);
        buffer.set(encodeRequest(3, 'zero'));
        const answer = coroipcc.zcbMsgSendReplyReceive(handle, buffer);
        say('result', [buffer.length, answer.subarray(24).toString()]);
        const foreign = status(() => coroipcc.zcbFree(handle, new Uint8Array(64)));
        coroipcc.zcbFree(handle, buffer);
        const freed = status(() => coroipcc.zcbMsgSendReplyReceive(handle, buffer));
        say('result', [buffer.every((byte) => byte === 0), foreign, freed]);
      },
      name,
      speaks,
    );
    expect(results).toEqual([
      [100_016, 'zero'],
      [true, CS.ERR_BAD_HANDLE, CS.ERR_BAD_HANDLE],
    ]);
  });

  it('one too many is NO_RESOURCES, and the others go on', async () => {
    const { name } = serve({ handlerFnGet: () => echo, limits: { maxZeroCopyBuffers: 2 } });
    const results = await client(
      ({ coroipcc, encodeRequest, CoroIpcError, say }, { name, speaks }) => {
        const handle = coroipcc.serviceConnect(name, 5, 8192, 8192, 8192, speaks);
        const first = coroipcc.zcbAlloc(handle, 4096, 16);
        coroipcc.zcbAlloc(handle, 4096, 16);
        try {
          coroipcc.zcbAlloc(handle, 4096, 16);
        } catch (error) {
          say('result', CoroIpcError.is(error) && error.status);
        }
        first.set(encodeRequest(3, 'zero'));
        say('result', coroipcc.zcbMsgSendReplyReceive(handle, first).subarray(24).toString());
        coroipcc.zcbFree(handle, first);
        coroipcc.zcbAlloc(handle, 4096, 16);
      },
      name,
      speaks,
    );
    expect(results).toEqual([CS.ERR_NO_RESOURCES, 'zero']);
  });
});

describe('what does not depend on the wire', () => {
  it('a name in use is told to fatalError, and thrown', () => {
    const { name } = serve({});
    const told: string[] = [];
    expect(() =>
      coroipcs.ipcInit({ socketName: name, fatalError: (message) => void told.push(message) }),
    ).toThrow(CoroIpcError);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(name);
  });

  it('oldLogPrintf is used where logPrintf is missing', async () => {
    const lines: string[] = [];
    const { name } = serve({
      handlerFnGet: () => echo,
      oldLogPrintf: (message) => void lines.push(message),
    });
    await client(callOnce, name);
    await eventually(() => expect(lines.length).toBeGreaterThan(0));
  });

  it('the functions of a state are its methods', async () => {
    class State {
      socketName = freshName();
      asked: number[] = [];
      handlerFnGet(_service: number, id: number) {
        this.asked.push(id);
        return echo;
      }
    }
    const state = new State();
    const server = coroipcs.ipcInit(state);
    expect(await client(callOnce, state.socketName)).toEqual([[1, 'hello']]);
    expect(state.asked).toEqual([3]);
    await eventually(() => expect(coroipcs.ipcExit(server)).toBe(0));
  });

  it('nobody listens: TRY_AGAIN', async () => {
    expect(await client(callOnce, freshName())).toEqual([CS.ERR_TRY_AGAIN]);
  });
});
