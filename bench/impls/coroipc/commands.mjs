// What the server process of our measurements serves.

/** The service that takes these commands. */
export const SERVICE = 1;
/** The service of those who only listen. */
export const FEED = 2;
/** The payload of nearly everything, in bytes. */
export const PAYLOAD = 64;
/** What every byte of a payload is. */
export const FILL = 7;

export const ECHO = 1;
/**
 * Publishes as fast as the rings take it: as many messages as the first u32 says, each of as many
 * bytes as the second says, to the asker or, if the third is not 0, to all connections of FEED.
 */
export const PUBLISH = 2;
/** Publishes no more of them. */
export const HUSH = 3;
/** The CPU time used, a double of microseconds. */
export const CPU = 4;
/** Threads and memory as JSON, after the garbage was collected. */
export const FOOTPRINT = 5;
/** Begins a chain of timers, and ends it with the delays of its timers as JSON. */
export const TIMER_START = 6;
export const TIMER_STOP = 7;
/** Looks at both ends of the request and answers with 64 bytes. */
export const LOOK = 8;
/** Makes a zero-copy buffer of as many bytes as the u32 says, for the answers to this connection. */
export const MAKE_BUFFER = 9;
/** ECHO of a request in a buffer: its bytes are copied once, into that buffer of the server's. */
export const ECHO_BUFFER = 10;
