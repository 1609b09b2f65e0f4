import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallsInFlight } from './in-flight.js';
import { PendingCall } from './pending-call.js';

function callOf(token: number): PendingCall {
  const call = new PendingCall(1, Buffer.alloc(0));
  call.token = token;
  return call;
}

describe('the calls in flight', () => {
  it('are what a map of them would be, in whatever order they are answered', () => {
    const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat({ max: 6000 })), {
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(fc.constantFrom(1, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 45), steps, (first, all) => {
        const calls = new CallsInFlight();
        const model = new Map<number, PendingCall>();
        let next = first;
        for (const step of all) {
          if (step === 'add') {
            const call = callOf(next);
            next += 1;
            model.set(call.token, call);
            calls.add(call);
          } else {
            // Of those that there were, one that is still under way or not.
            const token = first + (step % Math.max(1, next - first + 1));
            expect(calls.take(token)).toBe(model.get(token));
            model.delete(token);
          }
          expect(calls.size).toBe(model.size);
          expect(calls.first()).toBe([...model.values()][0]);
        }
        expect(calls.takeAll()).toEqual([...model.values()]);
        expect([calls.size, calls.first(), calls.takeAll()]).toEqual([0, undefined, []]);
      }),
    );
  });

  it('find those again that are thousands older than the others', () => {
    const calls = new CallsInFlight();
    const old = [1, 2, 3].map(callOf);
    for (const call of old) calls.add(call);
    for (let token = 4; token < 20_000; token++) {
      calls.add(callOf(token));
      expect(calls.take(token)?.token).toBe(token);
    }
    expect(old.map(({ token }) => calls.take(token))).toEqual(old);
    expect(calls.size).toBe(0);
  });
});
