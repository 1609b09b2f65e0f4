// The addon of native/test/ends.cc: both ends of a native connection, and one of them a step at a
// time.

import { createRequire } from 'node:module';
import type { RingsShown } from '../../packages/core/src/native-rings.js';

export interface Geometry {
  readonly requestRing: number;
  readonly responseRing: number;
  readonly dispatchRing: number;
  readonly inFlight: number;
}

/** A message as an end shows it: what its header says of it, and not a byte more. */
export interface Shown {
  readonly sequence: number;
  readonly id: number;
  readonly bytes: Uint8Array;
}

export type Put = 'done' | 'no room' | 'breach';
export type Look = Shown | 'breach' | undefined;

export const CLIENT = 0;
export const SERVER = 1;
export type Side = typeof CLIENT | typeof SERVER;

export const WANTS = { CALLS: 1, DISPATCHES: 2, ROOM: 4 } as const;

export interface State {
  readonly requestReady: boolean;
  readonly responseReady: boolean;
  readonly messageReady: boolean;
  readonly backlog: boolean;
  readonly sent: number;
  readonly unanswered: number;
  readonly clientWants: number;
  readonly serverWants: number;
}

export interface Ends {
  send(message: Uint8Array): number | Put;
  request(): Look;
  requestDone(): void;
  respond(sequence: number, message: Uint8Array): Put;
  response(): Look;
  responseDone(): void;
  dispatch(message: Uint8Array): Put;
  message(): Look;
  messageDone(): void;
  setBacklog(on: boolean): void;
  doze(side: Side, wants: number): boolean;
  wake(side: Side): void;
  mustRing(side: Side, what: number): boolean;
  state(): State;
  /** What the core shows JavaScript of a side's rings. */
  rings(side: Side): RingsShown;
  close(): void;
}

export interface IndexRingSays {
  readonly valid: boolean;
  readonly used: number;
  readonly usable: number;
  readonly largest: number;
  readonly after: number;
}

interface Addon {
  readonly Ends: new (
    requestRing: number,
    responseRing: number,
    dispatchRing: number,
    inFlight: number,
  ) => Ends;
  indexRing(
    size: number,
    reserve: number,
    alignment: number,
    read: number,
    write: number,
    bytes: number,
  ): IndexRingSays;
}

export const addon = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_ends.node',
) as Addon;

export function endsOf({ requestRing, responseRing, dispatchRing, inFlight }: Geometry): Ends {
  return new addon.Ends(requestRing, responseRing, dispatchRing, inFlight);
}
