// A dispatch message as the API for people gives it.

import { RESPONSE_HEADER_BYTES } from './messages.js';

/** A message that the server sent on its own. */
export interface DispatchMessage {
  /** The message's id. */
  readonly id: number;
  /** The status in its header: `CS.OK` from an IpcServer. */
  readonly status: number;
  /**
   * The bytes after the header. Nobody else writes to them; up to 4 KiB they share a buffer with other
   * messages, like Node's own small Buffers.
   */
  readonly payload: Buffer;
}

/** Reads a whole message. */
export function dispatchMessage(message: Buffer): DispatchMessage {
  return {
    id: message.readInt32LE(8),
    status: message.readInt32LE(16),
    payload: message.subarray(RESPONSE_HEADER_BYTES),
  };
}
