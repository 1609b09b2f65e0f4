// What an Observable does, kept for a test to look at.

import { CoroIpcError } from '@coroipc/core';
import type { Observable, Subscription } from 'rxjs';
import { onTestFinished } from 'vitest';

export interface Recorded<Value> {
  readonly seen: Value[];
  /** `'complete'`, or what it failed with: a status where there is one. */
  readonly ends: unknown[];
  readonly subscription: Subscription;
}

/** Everything an Observable does, from now until the end of the test. */
export function record<Value>(source: Observable<Value>): Recorded<Value> {
  const seen: Value[] = [];
  const ends: unknown[] = [];
  const subscription = source.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => ends.push(CoroIpcError.is(error) ? error.status : error),
    complete: () => ends.push('complete'),
  });
  onTestFinished(() => subscription.unsubscribe());
  return { seen, ends, subscription };
}
