// What an IpcServer is told, and what it tells: options and events.

import { optionNames } from '../arguments.js';
import type { PollAdapter } from '../poll/contract.js';
import type { GivenLimits } from '../server-engine/limits.js';
import type { Wire } from '../wires.js';
import type { IpcConnection } from './ipc-connection.js';
import type { IpcRequest } from './ipc-request.js';
import type { PeerCredentials } from './service-host.js';

/** What a server is made of. */
export interface IpcServerOptions {
  /**
   * The socket's name: 1 to 107 bytes of UTF-8 without a zero byte. One that begins with `/` is a path
   * in the file system, whose permissions say who can connect; any other is an abstract name, which
   * everybody can connect to. A path that a dead server left is replaced.
   */
  name: string;
  /** Permission bits of a path, 0 to 0o777. Default 0o600. */
  mode?: number | undefined;
  /** Owner and group of a path. Default: this process's. */
  owner?: { uid?: number | undefined; gid?: number | undefined } | undefined;
  /** The poll system. Default: the library's own thread. */
  adapter?: PollAdapter | undefined;
  /**
   * Whether a peer may use a service; exactly `true` admits, so a Promise denies. Default: root
   * and this process's effective user.
   */
  authenticate?: ((peer: PeerCredentials, service: number) => boolean) | undefined;
  /**
   * The wires that peers may speak. Default `['native']`: `'classic'` lets in corosync's own clients,
   * too, with the powers that their wire has.
   */
  wires?: readonly Wire[] | undefined;
  /** What peers may take. */
  limits?: GivenLimits | undefined;
}

export const SERVER_OPTIONS: readonly string[] = optionNames<IpcServerOptions>({
  name: true,
  mode: true,
  owner: true,
  adapter: true,
  authenticate: true,
  wires: true,
  limits: true,
});

/** The events of an {@link IpcServer}. An exception of a listener is an uncaught exception. */
export interface IpcServerEvents {
  listening: () => void;
  connection: (connection: IpcConnection) => void;
  disconnect: (connection: IpcConnection) => void;
  /** A handler threw or rejected, or its answer could not be sent; the peer has a status. */
  requestError: (error: unknown, request: IpcRequest) => void;
  /**
   * What had to wait for a connection need not any more: its queue is empty, and the largest of the
   * messages that were refused meanwhile would be taken now. Told once for each backlog, which begins
   * with a message that is queued (`dispatch` returns false) or refused with ERR_TRY_AGAIN.
   */
  drain: (connection: IpcConnection) => void;
  close: () => void;
}
