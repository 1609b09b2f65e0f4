import { describe, expect, it } from 'vitest';
import { DEFAULT_SERVER_LIMITS, serverLimits } from './limits.js';

describe('serverLimits', () => {
  it('completes what is given', () => {
    expect(serverLimits(undefined)).toBe(DEFAULT_SERVER_LIMITS);
    expect(serverLimits({ maxConnections: 7 })).toEqual({
      ...DEFAULT_SERVER_LIMITS,
      maxConnections: 7,
    });
  });

  it('names the limit that is wrong', () => {
    expect(() => serverLimits({ maxConnections: 0 })).toThrow(
      'limits.maxConnections must be an integer from 1 to 1000000, got 0',
    );
    expect(() => serverLimits({ spinUs: '20' } as never)).toThrow(TypeError);
    expect(() => serverLimits({ maxConections: 7 } as never)).toThrow(
      'limits.maxConections is not a limit',
    );
    expect(() => serverLimits(null as never)).toThrow(TypeError);
  });
});
