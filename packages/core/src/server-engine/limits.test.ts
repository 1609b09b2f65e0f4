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
    expect(() => serverLimits({ maxConnectionsPerUid: 0 })).toThrow(
      'limits.maxConnectionsPerUid must be an integer from 1 to 1000000, got 0',
    );
    expect(() => serverLimits({ maxHandshakes: 1_000_001 })).toThrow(RangeError);
    expect(() => serverLimits({ maxBytesPerConnection: 4095 })).toThrow(
      'limits.maxBytesPerConnection must be an integer from 4096 to 1099511627776, got 4095',
    );
    expect(() => serverLimits({ spinUs: '20' } as never)).toThrow(TypeError);
    expect(() => serverLimits({ maxConections: 7 } as never)).toThrow(
      'limits.maxConections is not an option; there are handshakeTimeoutMs, ',
    );
    expect(() => serverLimits(null as never)).toThrow(TypeError);
  });
});
