// What the crowd's processes agree on beside the messages themselves.
import { STREAM } from './numbered.mjs';

export const SERVICE = 9;

/** Command ids. Those of a stream are the stream's number. */
export const COMMAND = {
  ...STREAM,
  /** The connection's number, and the beginning of its dispatch messages. */
  BEGIN: 32,
  /** Their end: the answer is what the server has received and sent, as JSON. */
  END: 33,
};

/** Small rings, so that a client that stalls has a full one soon. */
export const RING_BYTES = 16384;

/** What connections speak, one after another. */
export const SPEAKS = [
  { wire: 'native' },
  { wire: 'classic', generation: '1.2' },
  { wire: 'native' },
  { wire: 'classic', generation: '1.4' },
];

/** The poll systems that processes run on, one after another: names of test/conformance/cast.mjs. */
export const ADAPTERS = ['libuv', 'epoll run', 'thread', 'rxjs(libuv) asap', 'epoll thread'];

/** Nothing for so long: it hangs. */
export const STUCK_MS = 60_000;
