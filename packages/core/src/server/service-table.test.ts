import { describe, expect, it } from 'vitest';
import { CoroIpcError } from '../errors.js';
import { CS } from '../status.js';
import { type ServiceDefinition, ServiceTable } from './service-table.js';

const handler = () => 'answer';

describe('ServiceTable', () => {
  it('takes every service and command id up to 65535', () => {
    const table = new ServiceTable();
    table.add(0, { requests: { 0: handler } });
    table.add(65535, { requests: { 65535: handler } });
    expect(table.get(0)?.handler(0)).toBe(handler);
    expect(table.get(65535)?.handler(65535)).toBe(handler);
    expect(table.get(1)).toBeUndefined();
  });

  it('refuses ids outside, and a number twice', () => {
    const table = new ServiceTable();
    for (const service of [-1, 65536, 1.5, Number.NaN]) {
      expect(() => table.add(service, {})).toThrow(RangeError);
    }
    for (const id of ['-1', '65536', '1.5', '01', 'name']) {
      expect(() => table.add(1, { requests: { [id]: handler } as never })).toThrow(RangeError);
    }
    table.add(1, {});
    expect(() => table.add(1, {})).toThrow(CoroIpcError);
    expect(() => table.add(1, {})).toThrow(expect.objectContaining({ status: CS.ERR_EXIST }));
  });

  it('refuses what is no function', () => {
    const table = new ServiceTable();
    expect(() => table.add(1, { requests: { 5: 'x' } as never })).toThrow(
      'definition.requests[5] must be a function, got "x"',
    );
    expect(() => table.add(1, { connect: 5 } as never)).toThrow(TypeError);
    expect(() => table.add(1, undefined as never)).toThrow(TypeError);
    expect(table.get(1)).toBeUndefined();
  });

  it('reads what becomes of messages while the ring is full, and refuses any other word', () => {
    const table = new ServiceTable();
    const overflowOf = (service: number, definition: ServiceDefinition) => {
      table.add(service, definition);
      return table.get(service)?.overflow;
    };
    expect(overflowOf(1, {})).toBeUndefined();
    expect(overflowOf(2, { maxQueueBytes: 5 })).toEqual({ policy: 'queue', maxQueueBytes: 5 });
    expect(overflowOf(3, { overflow: 'reject' })).toEqual({
      policy: 'reject',
      maxQueueBytes: undefined,
    });
    const words = "'queue', 'drop-oldest', 'reject', 'disconnect'";
    expect(() => table.add(4, { overflow: 'drop-newest' as never })).toThrow(
      new RangeError(`definition.overflow must be one of ${words}, got "drop-newest"`),
    );
    expect(() => table.add(4, { overflow: 2 as never })).toThrow(
      new TypeError(`definition.overflow must be one of ${words}, got 2`),
    );
    expect(() => table.add(4, { maxQueueBytes: -1 })).toThrow(
      'definition.maxQueueBytes must be an integer from 0 to 2147483647, got -1',
    );
    expect(table.get(4)).toBeUndefined();
  });

  it('asks the selector for what the table lacks, and for valid ids only', () => {
    const asked: number[] = [];
    const table = new ServiceTable();
    table.add(1, {
      requests: { 5: handler },
      select(id) {
        asked.push(id);
        return id === 6 ? handler : undefined;
      },
    });
    const service = table.get(1);
    expect(service?.handler(5)).toBe(handler);
    expect(service?.handler(6)).toBe(handler);
    expect(service?.handler(7)).toBeUndefined();
    expect(service?.handler(-1)).toBeUndefined();
    expect(service?.handler(65536)).toBeUndefined();
    expect(asked).toEqual([6, 7]);
  });

  it('adds handlers and takes them away, and with the last one the service they made', () => {
    const table = new ServiceTable();
    const rest = () => 'rest';
    const one = table.handle(1, 5, handler);
    const others = table.handle(1, undefined, rest);
    expect(table.get(1)?.handler(5)).toBe(handler);
    expect(table.get(1)?.handler(6)).toBe(rest);
    expect(table.get(1)?.handler(-1)).toBeUndefined();
    one.remove();
    one.remove();
    expect(table.get(1)?.handler(5)).toBe(rest);
    const again = table.handle(1, 5, handler);
    one.remove();
    expect(table.get(1)?.handler(5)).toBe(handler);
    others[Symbol.dispose]();
    expect(table.get(1)?.handler(6)).toBeUndefined();
    again.remove();
    expect(table.get(1)).toBeUndefined();
  });

  it('adds handlers to a service that is registered, which stays; the selector goes first', () => {
    const table = new ServiceTable();
    const rest = () => 'rest';
    table.add(1, { requests: { 5: handler }, select: (id) => (id === 6 ? handler : undefined) });
    const registrations = [
      table.handle(1, undefined, rest),
      table.handle(1, 6, rest),
      table.handle(1, 7, handler),
    ];
    const handlers = (): unknown[] => [5, 6, 7, 8].map((id) => table.get(1)?.handler(id));
    expect(handlers()).toEqual([handler, rest, handler, rest]);
    for (const registration of registrations) registration.remove();
    expect(handlers()).toEqual([handler, handler, undefined, undefined]);
  });

  it('refuses a second handler of a command', () => {
    const table = new ServiceTable();
    const exists = expect.objectContaining({ status: CS.ERR_EXIST });
    table.add(1, { requests: { 5: handler } });
    expect(() => table.handle(1, 5, handler)).toThrow(exists);
    table.handle(1, undefined, handler);
    expect(() => table.handle(1, undefined, handler)).toThrow(exists);
    table.handle(2, 5, handler);
    expect(() => table.handle(2, 5, handler)).toThrow(exists);
    expect(() => table.add(2, {})).toThrow(exists);
    expect(() => table.handle(65536, 1, handler)).toThrow(RangeError);
    expect(() => table.handle(3, -1, handler)).toThrow(RangeError);
    expect(() => table.handle(3, null as never, handler)).toThrow(TypeError);
    expect(() => table.handle(3, 1, 'x' as never)).toThrow('handler must be a function, got "x"');
    expect(table.get(3)).toBeUndefined();
  });
});
