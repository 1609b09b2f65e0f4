// The state a user gave, checked, with a working default in the place of every missing member.
// (The man page promises that; the C library calls a null pointer instead.)

import { debuglog } from 'node:util';
import {
  checkAdapter,
  checkFunction,
  checkInteger,
  checkObject,
  checkOptionalFunction,
  checkSocketName,
  describe,
  MAX_INT32,
} from '../arguments.js';
import { checkAccess, type PathAccess } from '../server-engine/access.js';
import { admitsByDefault } from '../server-engine/admission.js';
import { type ServerLimits, serverLimits } from '../server-engine/limits.js';
import { checkOverflowPolicy, type OverflowPolicy } from '../server-engine/overflow.js';
import { checkWires, type Wire } from '../wires.js';
import type {
  CoroipcsInitState,
  ExitFunction,
  HandlerFunction,
  InitFunction,
  StatsHandle,
} from './state.js';

const FUNCTIONS = [
  'serviceAvailable',
  'privateDataSizeGet',
  'securityValid',
  'serializeLock',
  'serializeUnlock',
  'sendingAllowed',
  'sendingAllowedRelease',
  'pollAcceptAdd',
  'pollDispatchAdd',
  'pollDispatchModify',
  'pollDispatchDestroy',
  'fatalError',
  'initFnGet',
  'exitFnGet',
  'handlerFnGet',
  'overflowGet',
  'statsCreateConnection',
  'statsDestroyConnection',
  'statsUpdateValue',
  'statsIncrementValue',
  'statsDecrementValue',
  'logPrintf',
  'oldLogPrintf',
] as const satisfies readonly (keyof CoroipcsInitState)[];

type Absent = null | undefined;

/** What the server calls: every member is there, and needs no `this`. */
export interface Hooks {
  readonly socketName: string;
  readonly access: PathAccess;
  readonly wires: readonly Wire[];
  readonly limits: ServerLimits;
  serviceAvailable(service: number): unknown;
  /** `undefined`: the connection gets no Buffer. */
  privateDataSizeGet(service: number): number | undefined;
  securityValid(uid: number, gid: number): unknown;
  serializeLock(): void;
  serializeUnlock(): void;
  /** Absent: every request is allowed, and none is asked about. */
  readonly sendingAllowed: CoroipcsInitState['sendingAllowed'];
  sendingAllowedRelease(scratch: Buffer): void;
  fatalError(message: string): void;
  initFnGet(service: number): InitFunction | Absent;
  exitFnGet(service: number): ExitFunction | Absent;
  handlerFnGet(service: number, id: number): HandlerFunction | Absent;
  overflowGet(service: number): OverflowPolicy | undefined;
  /** Absent: no name has to be made up. */
  readonly statsCreateConnection: CoroipcsInitState['statsCreateConnection'];
  statsDestroyConnection(handle: StatsHandle): void;
  statsUpdateValue(handle: StatsHandle, name: string, value: number): void;
  statsIncrementValue(handle: StatsHandle, name: string): void;
  statsDecrementValue(handle: StatsHandle, name: string): void;
  /** Whether the counters' functions are worth calling. */
  readonly countChanges: boolean;
  log(level: number, message: string): void;
}

const debug = debuglog('coroipc');
const nothing = (): void => undefined;
const none = (): undefined => undefined;

/** A C truth value: `true`, or a number other than 0. A Promise is neither. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return value === true;
}

/** Checks a state and completes it. */
export function hooksOf(state: CoroipcsInitState): Hooks {
  checkObject('state', state);
  checkSocketName('state.socketName', state.socketName);
  for (const name of FUNCTIONS) checkOptionalFunction(`state.${name}`, state[name]);
  checkPolls(state);
  const bound = <Name extends (typeof FUNCTIONS)[number]>(name: Name) =>
    state[name]?.bind(state) as CoroipcsInitState[Name];
  return {
    socketName: state.socketName,
    access: checkAccess('state.', state.socketName, state.mode, state.owner),
    wires: checkWires('state.wires', state.wires),
    limits: serverLimits(state.limits),
    serviceAvailable: bound('serviceAvailable') ?? (() => true),
    privateDataSizeGet: privateDataSize(bound('privateDataSizeGet')),
    securityValid: bound('securityValid') ?? ((uid) => admitsByDefault(uid)),
    serializeLock: bound('serializeLock') ?? nothing,
    serializeUnlock: bound('serializeUnlock') ?? nothing,
    sendingAllowed: bound('sendingAllowed'),
    sendingAllowedRelease: bound('sendingAllowedRelease') ?? nothing,
    fatalError: bound('fatalError') ?? nothing,
    initFnGet: selector('initFnGet', bound('initFnGet')),
    exitFnGet: selector('exitFnGet', bound('exitFnGet')),
    handlerFnGet: bound('handlerFnGet') ?? none,
    overflowGet: overflowPolicy(bound('overflowGet')),
    statsCreateConnection: bound('statsCreateConnection'),
    statsDestroyConnection: bound('statsDestroyConnection') ?? nothing,
    statsUpdateValue: bound('statsUpdateValue') ?? nothing,
    statsIncrementValue: bound('statsIncrementValue') ?? nothing,
    statsDecrementValue: bound('statsDecrementValue') ?? nothing,
    countChanges:
      (state.statsUpdateValue ?? state.statsIncrementValue ?? state.statsDecrementValue) !==
      undefined,
    log: logger(state),
  };
}

function checkPolls(state: CoroipcsInitState): void {
  if (state.adapter !== undefined) checkAdapter('state.adapter', state.adapter);
  const { pollAcceptAdd, pollDispatchAdd, pollDispatchModify, pollDispatchDestroy } = state;
  const given = [pollAcceptAdd, pollDispatchAdd, pollDispatchModify, pollDispatchDestroy];
  if (given.every((member) => member === undefined)) return;
  if (pollAcceptAdd === undefined || pollDispatchAdd === undefined) {
    throw new TypeError(
      'state must have both pollAcceptAdd and pollDispatchAdd (pollDispatchModify and pollDispatchDestroy may go with them), or none of the four',
    );
  }
  if (state.adapter !== undefined) {
    throw new TypeError('state must have either an adapter or poll functions, not both');
  }
}

function privateDataSize(
  ask: CoroipcsInitState['privateDataSizeGet'],
): Hooks['privateDataSizeGet'] {
  if (ask === undefined) return none;
  return (service) =>
    checkInteger(`the private data size of service ${service}`, ask(service), 0, MAX_INT32);
}

function overflowPolicy(ask: CoroipcsInitState['overflowGet']): Hooks['overflowGet'] {
  if (ask === undefined) return none;
  return (service) => {
    const policy = ask(service);
    if (policy === undefined || policy === null) return undefined;
    return checkOverflowPolicy(`overflowGet(${service})`, policy);
  };
}

function selector<Selected>(
  name: string,
  select: ((service: number) => Selected | Absent) | undefined,
): (service: number) => Selected | Absent {
  if (select === undefined) return none;
  return (service) => {
    const selected = select(service);
    if (selected !== undefined && selected !== null) checkFunction(`${name}(${service})`, selected);
    return selected;
  };
}

function logger(state: CoroipcsInitState): Hooks['log'] {
  const subsystem = state.logSubsysId ?? 0;
  if (typeof subsystem !== 'number') {
    throw new TypeError(`state.logSubsysId must be an integer, got ${describe(subsystem)}`);
  }
  checkInteger('state.logSubsysId', subsystem, 0, 0xfffffff);
  if (state.logPrintf !== undefined) {
    return (level, message) =>
      state.logPrintf?.((subsystem * 8) | (level & 7), 'coroipcs', 'coroipcs', 0, message);
  }
  if (state.oldLogPrintf !== undefined) return (_level, message) => state.oldLogPrintf?.(message);
  return (level, message) => debug('%s: <%d> %s', state.socketName, level, message);
}
