/**
 * The descriptors that the conformance suite plays with. Node has no such calls: a test brings
 * them, from a small addon or a foreign-function interface. None of them may block.
 */
export interface PollDescriptors {
  /** Two connected stream sockets (socketpair(2)), non-blocking. */
  socketPair(): [number, number];
  /** Writes bytes; returns how many were written, and throws when none could be. */
  write(fd: number, bytes: Uint8Array): number;
  /** Reads what waits, up to 64 KiB; empty at the end of the stream. */
  read(fd: number): Uint8Array;
  close(fd: number): void;
  /** shutdown(2) of the sending side. */
  shutdownWrite(fd: number): void;
}
