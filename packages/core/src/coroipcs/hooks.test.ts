import { describe, expect, it } from 'vitest';
import { hooksOf, isTrue } from './hooks.js';

describe('hooksOf', () => {
  it('puts a working default in every missing place', () => {
    const hooks = hooksOf({ socketName: 'name' });
    expect(hooks.serviceAvailable(1)).toBe(true);
    expect(hooks.privateDataSizeGet(1)).toBeUndefined();
    expect(isTrue(hooks.securityValid(0, 0))).toBe(true);
    expect(isTrue(hooks.securityValid(process.geteuid?.() ?? 0, 0))).toBe(true);
    expect(isTrue(hooks.securityValid(4_000_000, 0))).toBe(false);
    expect(hooks.handlerFnGet(1, 1)).toBeUndefined();
    expect(hooks.initFnGet(1)).toBeUndefined();
    expect(hooks.exitFnGet(1)).toBeUndefined();
    expect(hooks.countChanges).toBe(false);
    for (const step of [hooks.serializeLock, hooks.serializeUnlock]) step();
    hooks.log(3, 'nothing');
  });

  it('calls functions as methods of the state', () => {
    const state = {
      socketName: 'name',
      service: 7,
      serviceAvailable(service: number) {
        return service === this.service;
      },
    };
    expect(hooksOf(state).serviceAvailable(7)).toBe(true);
  });

  it('packs the subsystem and the level in the record id', () => {
    const lines: unknown[][] = [];
    const logPrintf = (...line: unknown[]) => {
      lines.push(line);
    };
    hooksOf({ socketName: 'name', logSubsysId: 5, logPrintf }).log(3, 'text');
    expect(lines).toEqual([[43, 'coroipcs', 'coroipcs', 0, 'text']]);
  });

  it('takes both poll functions or none', () => {
    const pollAcceptAdd = () => undefined;
    const pollDispatchAdd = () => undefined;
    hooksOf({ socketName: 'name', pollAcceptAdd, pollDispatchAdd });
    const halves = [
      { pollAcceptAdd },
      { pollDispatchAdd },
      { pollDispatchModify: () => undefined },
    ];
    for (const half of halves) {
      expect(() => hooksOf({ socketName: 'name', ...half })).toThrow(
        'state must have both pollAcceptAdd and pollDispatchAdd',
      );
    }
  });

  it('refuses members of the wrong kind, by name', () => {
    expect(() => hooksOf({ socketName: 'name', fatalError: 5 } as never)).toThrow(
      'state.fatalError must be a function or undefined, got 5',
    );
    expect(() => hooksOf({} as never)).toThrow('state.socketName must be a string, got undefined');
    expect(() => hooksOf(undefined as never)).toThrow(TypeError);
    expect(() => hooksOf({ socketName: 'name', logSubsysId: '5' } as never)).toThrow(TypeError);
  });

  it('checks what selectors return', () => {
    const hooks = hooksOf({
      socketName: 'name',
      initFnGet: () => 'x' as never,
      privateDataSizeGet: () => -1,
      overflowGet: (service) => (service === 3 ? 'queues' : null) as never,
    });
    expect(() => hooks.initFnGet(3)).toThrow('initFnGet(3) must be a function');
    expect(() => hooks.privateDataSizeGet(3)).toThrow(RangeError);
    expect(hooks.overflowGet(4)).toBeUndefined();
    expect(() => hooks.overflowGet(3)).toThrow(
      `overflowGet(3) must be one of 'queue', 'drop-oldest', 'reject', 'disconnect', got "queues"`,
    );
  });
});

describe('isTrue', () => {
  it('is that of C for numbers, and denies what is no number', () => {
    for (const value of [1, -1, true]) expect(isTrue(value)).toBe(true);
    for (const value of [0, Number.NaN, false, undefined, null, '1', {}, Promise.resolve(true)]) {
      expect(isTrue(value)).toBe(false);
    }
  });
});
