import type { PollAdapter } from '@coroipc/core';

/** An adapter with one fault, by what is wrong with it. */
export interface Fault {
  readonly rule: number;
  /** Rules whose tests cannot be passed with this fault either. */
  readonly also?: readonly number[];
  /** It only shows from outside of the process. */
  readonly outside?: boolean;
  /** It only shows while no other test runs. */
  readonly alone?: boolean;
  readonly Adapter: new () => PollAdapter;
}

export const faults: Readonly<Record<string, Fault>>;
export const oddities: Readonly<Record<string, new () => PollAdapter>>;
