// What the engine asks of, and tells, the server API that stands on it (coroipcs or IpcServer).

import type { TurnedAway } from '../native.js';
import type { ServerConnection } from './connection.js';

/** The syslog level of a line that tells of a failure. */
export const LOG_ERR = 3;

/** Every function may throw: the engine takes the exception to where the core was entered. */
export interface ServerOwner {
  /** May this peer use its service? Anything but CS.OK is sent to it. */
  admit(connection: ServerConnection): number;
  /** The connection is usable: run the connect function. Anything but CS.OK refuses it. */
  connected(connection: ServerConnection): number;
  /**
   * A request is to be served, now or later; `connection.token` names it. It can be read during this
   * call only; a small one lies in the arrivals already. Whether work was left for promises or
   * `process.nextTick`.
   */
  request(connection: ServerConnection, id: number, size: number, zeroCopy: boolean): boolean;
  /** Run the disconnect function; `false`: it is busy, ask again. */
  disconnected(connection: ServerConnection): boolean;
  /** The connection will not be seen again. */
  released(connection: ServerConnection): void;
  /** A counter changed: `value` is a level or an increment, as NativeServerHost says. */
  counted(connection: ServerConnection, counter: number, value: number): void;
  /** What had to wait for the connection, in its queue or with the sender, need not any more. */
  drained(connection: ServerConnection): void;
  /** A peer was turned away that the owner was not asked about, or had admitted. */
  turnedAway(why: TurnedAway): void;
  /** A line for the log, with a syslog level. */
  log(level: number, message: string): void;
  /** The server holds nothing any more. */
  ended(): void;
}
