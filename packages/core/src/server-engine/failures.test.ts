import { describe, expect, it } from 'vitest';
import { Failures } from './failures.js';

describe('Failures', () => {
  it('throws one failure as it is', () => {
    const failures = new Failures('s');
    const outer = failures.enter();
    failures.raise('first');
    expect(failures.any).toBe(true);
    expect(() => failures.leave(outer)).toThrow('first');
    expect(failures.any).toBe(false);
  });

  it('throws several together', () => {
    const failures = new Failures('s');
    const outer = failures.enter();
    failures.raise(new Error('a'));
    failures.raise(new Error('b'));
    try {
      failures.leave(outer);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AggregateError);
      expect((error as AggregateError).errors).toHaveLength(2);
    }
  });

  it('gives each entry its own', () => {
    const failures = new Failures('s');
    const outermost = failures.enter();
    failures.raise('outer');
    const inner = failures.enter();
    expect(failures.outermost).toBe(false);
    failures.raise('inner');
    expect(() => failures.leave(inner)).toThrow('inner');
    expect(() => failures.leave(outermost)).toThrow('outer');
    const again = failures.enter();
    failures.leave(again);
  });
});
