import { describe, expect, it } from 'vitest';
import {
  checkAdapter,
  checkBytes,
  checkId,
  checkInteger,
  checkParts,
  checkPayload,
  checkSignal,
  checkSocketName,
  checkTimeout,
  describe as describeValue,
  unshared,
} from './arguments.js';

const NOT_NUMBERS = [undefined, null, '1', true, 1n, {}, [], Symbol('s'), () => 1];

describe('checkInteger', () => {
  it('returns what is in the range, its ends included', () => {
    expect(checkInteger('n', 0, 0, 9)).toBe(0);
    expect(checkInteger('n', 9, 0, 9)).toBe(9);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1, 10, 1.5])('refuses %s', (value) => {
    expect(() => checkInteger('n', value, 0, 9)).toThrow(RangeError);
    expect(() => checkInteger('n', value, 0, 9)).toThrow(
      `n must be an integer from 0 to 9, got ${value}`,
    );
  });

  it('refuses what is no number, by kind', () => {
    for (const value of NOT_NUMBERS)
      expect(() => checkInteger('n', value, 0, 9)).toThrow(TypeError);
  });
});

describe('ids and time limits', () => {
  it('end at 65535, and begin at -1', () => {
    expect(checkId('id', 65535)).toBe(65535);
    expect(() => checkId('id', 65536)).toThrow('id must be an integer from 0 to 65535, got 65536');
    expect(checkTimeout('timeoutMs', -1)).toBe(-1);
    expect(() => checkTimeout('timeoutMs', -2)).toThrow(RangeError);
    expect(() => checkTimeout('timeoutMs', 2 ** 31)).toThrow(RangeError);
  });
});

describe('checkSocketName', () => {
  it('counts bytes, not characters', () => {
    expect(checkSocketName('name', 'a'.repeat(107))).toHaveLength(107);
    expect(() => checkSocketName('name', 'a'.repeat(108))).toThrow('108 bytes');
    expect(() => checkSocketName('name', 'é'.repeat(54))).toThrow('108 bytes');
  });

  it('refuses what no peer could connect to', () => {
    for (const name of ['', 'a\0b', '\ud800']) {
      expect(() => checkSocketName('name', name)).toThrow(RangeError);
    }
    for (const name of [undefined, null, 7, Buffer.from('a')]) {
      expect(() => checkSocketName('name', name)).toThrow(TypeError);
    }
  });
});

describe('bytes', () => {
  it('takes Buffers and Uint8Arrays, empty ones too', () => {
    expect(checkBytes('b', new Uint8Array(0))).toHaveLength(0);
    expect(checkBytes('b', Buffer.from('abc'))).toHaveLength(3);
  });

  it('refuses shared and detached memory', () => {
    expect(() => checkBytes('b', new Uint8Array(new SharedArrayBuffer(8)))).toThrow(TypeError);
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(() => checkBytes('b', detached)).toThrow(
      'b must not lie in a detached or shrunken ArrayBuffer',
    );
    expect(() => checkPayload('b', detached)).toThrow(TypeError);
  });

  it('refuses other views and kinds', () => {
    for (const value of [new Uint16Array(2), new DataView(new ArrayBuffer(2)), 'a', null, {}]) {
      expect(() => checkBytes('b', value)).toThrow(TypeError);
    }
  });

  it('makes a list of parts that the caller cannot change any more', () => {
    const given = [Buffer.from('a'), Buffer.from('b')];
    const parts = checkParts('iov', given);
    given.length = 0;
    expect(parts).toHaveLength(2);
    expect(checkParts('iov', Buffer.from('a'))).toHaveLength(1);
  });

  it('refuses empty, endless and sparse lists', () => {
    expect(() => checkParts('iov', [])).toThrow(RangeError);
    expect(() => checkParts('iov', new Array(1025).fill(Buffer.alloc(1)))).toThrow(RangeError);
    expect(() => checkParts('iov', new Array(2))).toThrow('iov[0] must be a Uint8Array');
    expect(() => checkParts('iov', 'text')).toThrow(TypeError);
  });
});

describe('checkPayload', () => {
  it('takes shared memory, of which the addon gets a copy', () => {
    const shared = new SharedArrayBuffer(8);
    const view = new Uint8Array(shared).fill(7);
    const buffer = Buffer.from(shared);
    for (const payload of [view, buffer]) {
      const bytes = unshared(checkPayload('p', payload));
      expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
      expect(Buffer.compare(bytes, view)).toBe(0);
    }
    const own = Buffer.from('own');
    expect(unshared(checkPayload('p', own))).toBe(own);
  });

  it('turns text into UTF-8 and nothing into no bytes', () => {
    expect(checkPayload('p', 'é')).toEqual(Buffer.from([0xc3, 0xa9]));
    expect(checkPayload('p', undefined)).toHaveLength(0);
    for (const value of [null, 5, {}, []])
      expect(() => checkPayload('p', value)).toThrow(TypeError);
  });
});

describe('objects', () => {
  it('checks signals and adapters by shape', () => {
    expect(checkSignal('signal', undefined)).toBeUndefined();
    expect(() => checkSignal('signal', {})).toThrow('signal must be an AbortSignal or undefined');
    expect(() => checkAdapter('adapter', { pollAcceptAdd() {} })).toThrow(
      'adapter.pollDispatchAdd must be a function, got undefined',
    );
  });
});

describe('describe', () => {
  it('gives a short word for any value', () => {
    expect(describeValue('x'.repeat(100))).toHaveLength(43);
    expect(describeValue(Object.create(null))).toBe('an object');
    expect(describeValue({})).toBe('an object');
    expect(describeValue(new Map())).toBe('a Map');
    expect(describeValue(new ArrayBuffer(1))).toBe('an ArrayBuffer');
    expect(describeValue(new (class {})())).toBe('an object');
    expect(describeValue({ constructor: 5 })).toBe('an object');
    expect(describeValue(Object.create({ constructor: { name: 'x' } }))).toBe('an object');
    const throwing = {
      get constructor(): never {
        throw new Error('a getter');
      },
    };
    expect(describeValue(throwing)).toBe('an object');
    expect(describeValue(Object.create(throwing))).toBe('an object');
    expect(describeValue(Object.create(new Proxy({}, {})))).toBe('an object');
    expect(describeValue(new Proxy(Buffer.alloc(1), {}))).toBe('a Proxy');
    expect(describeValue([])).toBe('an array');
    expect(describeValue(2n)).toBe('2n');
    expect(describeValue(Symbol('s'))).toBe('a symbol');
  });
});
