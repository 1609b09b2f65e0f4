// The part of the addon's shape by which JavaScript goes on with the rings of a connection by itself:
// see rings/.

/** What the core shows of a connection on the native wire. All of it is detached when that is over. */
export interface RingsShown {
  /** The memory that this side writes: the control words, and each ring twice. */
  readonly ours: ArrayBuffer;
  /** The other side's. To write to it would end the process. */
  readonly theirs: ArrayBuffer;
  /** What the core and JavaScript both know. */
  readonly ledger: ArrayBuffer;
  readonly controlBytes: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly dispatchBytes: number;
  readonly maxInFlight: number;
}

export interface NativeRings {
  /** Undefined on the classic wire, and where JavaScript may not see shared memory. */
  clientRings(client: number): RingsShown | undefined;
  /** Detaches what was shown; it can be shown again. */
  clientHide(client: number): void;
  /** JavaScript has sent requests, and saw the server asleep. */
  clientTell(client: number): void;
  /** As `clientCall`, of the last request that JavaScript has sent. */
  clientFinish(client: number, timeoutMs: number): number;
  /** As `clientCallInto`. */
  clientFinishInto(client: number, timeoutMs: number, into: Uint8Array): number;
  /** As `clientRings`; undefined also where the owner wants to hear of all that happens. */
  connectionRings(connection: number): RingsShown | undefined;
  connectionHide(connection: number): void;
  /** JavaScript has answered, sent or made room, and saw the client asleep. */
  connectionTell(connection: number): void;
}
