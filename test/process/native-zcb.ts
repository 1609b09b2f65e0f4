// What the tests of zero-copy buffers share: a server in a process of its own with one buffer a
// connection, which does what it is told.

import { Child, freshName, type Task } from './child.js';

export const SERVICE = 4;
export const MIB = 1024 * 1024;

/** Its commands. Arguments and results are JSON where nothing else is said. */
export const COMMAND = {
  /** Any payload: `[bytes, first, last]` of it. */
  ENDS: 1,
  /** `[bytes, fill]`: answers with so many bytes in its buffer. */
  ANSWER: 2,
  /** `[bytes, fill, times]`: sends so many dispatch messages that lie in its buffer. */
  SEND: 3,
  /** Any payload: kept; after OPEN, the answer is its first byte as it is then. */
  HOLD: 4,
  /** Any payload: written over, then its first byte as it reads now. */
  SCRIBBLE: 5,
  /** Lets HOLD go on. */
  OPEN: 6,
  /** `[busy, first]`: of its buffer. */
  STATE: 7,
  /** `[what, …]`: does that to its buffer; the status it throws, else 0. */
  TRY: 8,
  /** Ends the connection. */
  END: 9,
} as const;

export interface ZcbArgument {
  readonly name: string;
  readonly service: number;
  readonly command: typeof COMMAND;
  readonly inPlace: boolean;
  readonly limits: Readonly<Record<string, number>>;
}

const serve: Task<ZcbArgument> = async (tools, { name, service, command, inPlace, limits }) => {
  const { IpcServer, CoroIpcError, say, told } = tools;
  const server = new IpcServer({ name, limits, wires: ['native', 'classic'] });
  type Connection = Parameters<NonNullable<Parameters<typeof server.service>[1]['connect']>>[0];
  type Own = Awaited<ReturnType<Connection['createBuffer']>>;
  const own = async (connection: Connection): Promise<Own> => {
    connection.data ??= await connection.createBuffer(2 ** 20);
    return connection.data as Own;
  };
  const filled = async (connection: Connection, bytes: number, fill: number) => {
    const buffer = await own(connection);
    buffer.bytes.fill(fill);
    buffer.length = bytes;
    return buffer;
  };
  const first: { buffer?: Own } = {};
  const tries: Record<string, (connection: Connection, bytes: number) => unknown> = {
    free: async (connection) => (await own(connection)).free(),
    freeAndSend: async (connection) => {
      const buffer = await connection.createBuffer(100);
      buffer.free();
      connection.dispatch(1, buffer);
    },
    lend: async (connection) => {
      first.buffer = await own(connection);
    },
    borrowed: (connection) => first.buffer !== undefined && connection.dispatch(1, first.buffer),
    make: (connection, bytes) => connection.createBuffer(bytes),
  };
  let open: (() => void)[] = [];
  const openAll = (): void => {
    for (const go of open) go();
    open = [];
  };
  server.service(service, {
    inPlace,
    requests: {
      [command.ENDS]: ({ payload }) =>
        JSON.stringify([payload.length, payload[0] ?? -1, payload.at(-1) ?? -1]),
      [command.ANSWER]: ({ payload, connection }) => {
        const [bytes, fill] = JSON.parse(String(payload));
        return filled(connection, bytes, fill);
      },
      [command.SEND]: async ({ payload, connection }) => {
        const [bytes, fill, times] = JSON.parse(String(payload));
        const buffer = await filled(connection, bytes, fill);
        for (let left = times; left > 0; left--) connection.dispatch(left, buffer);
        return '';
      },
      [command.HOLD]: async ({ payload }) => {
        say('held');
        await new Promise<void>((resolve) => open.push(resolve));
        return JSON.stringify(payload[0]);
      },
      [command.SCRIBBLE]: ({ payload }) => {
        payload.fill(255);
        return JSON.stringify(payload[0]);
      },
      [command.OPEN]: () => {
        openAll();
        return '';
      },
      [command.STATE]: async ({ connection }) => {
        const { busy, bytes } = await own(connection);
        return JSON.stringify([busy, bytes[0]]);
      },
      [command.TRY]: async ({ payload, connection }) => {
        const [what, bytes] = JSON.parse(String(payload));
        try {
          await tries[what]?.(connection, bytes);
          return '0';
        } catch (error) {
          return String(CoroIpcError.is(error) ? error.status : error);
        }
      },
      [command.END]: ({ connection }) => connection.close(),
    },
    disconnect: ({ data }) => {
      const buffer = data as Own | undefined;
      const bytes = buffer?.bytes.length;
      buffer?.free();
      say('disconnected', [bytes, buffer?.bytes.length, buffer?.busy]);
      // A handler that goes on for ever holds its request for ever.
      openAll();
    },
  });
  server.on('requestError', (error) => say('requestError', String(error)));
  await server.listen();
  setInterval(globalThis.gc as () => void, 50);
  say('ready');
  await told();
};

export interface Zcb {
  readonly name: string;
  readonly server: Child;
}

/** How a child is started that collects what nobody holds, now and then. */
export const COLLECTS = { node: ['--expose-gc'] };

/** Starts the server, and waits until it listens. */
export async function startZcb(
  options: { name?: string; inPlace?: boolean; limits?: ZcbArgument['limits'] } = {},
): Promise<Zcb> {
  const { name = freshName(), inPlace = false, limits = {} } = options;
  const argument = { name, service: SERVICE, command: COMMAND, inPlace, limits };
  const server = Child.start(serve, argument, COLLECTS);
  await server.said('ready');
  return { name, server };
}
