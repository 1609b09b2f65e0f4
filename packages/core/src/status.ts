// Made from native/status.json by scripts/generate-status.mjs: change that file, then run
// `npm run generate`.

/** Statuses by name, with the numbers that travel on the wire (corosync's cs_error_t). */
export const CS = {
  /** 1: success. */
  OK: 1,
  /** 2: the library or the connection failed. */
  ERR_LIBRARY: 2,
  /** 3: version not supported. */
  ERR_VERSION: 3,
  /** 4: not initialised. */
  ERR_INIT: 4,
  /** 5: time limit reached. */
  ERR_TIMEOUT: 5,
  /** 6: not possible now, try again. */
  ERR_TRY_AGAIN: 6,
  /** 7: invalid parameter. */
  ERR_INVALID_PARAM: 7,
  /** 8: out of memory. */
  ERR_NO_MEMORY: 8,
  /** 9: handle unknown or closed. */
  ERR_BAD_HANDLE: 9,
  /** 10: busy. */
  ERR_BUSY: 10,
  /** 11: access denied. */
  ERR_ACCESS: 11,
  /** 12: no such service or object. */
  ERR_NOT_EXIST: 12,
  /** 13: name too long. */
  ERR_NAME_TOO_LONG: 13,
  /** 14: exists already. */
  ERR_EXIST: 14,
  /** 15: no space left. */
  ERR_NO_SPACE: 15,
  /** 16: interrupted. */
  ERR_INTERRUPT: 16,
  /** 17: name not found. */
  ERR_NAME_NOT_FOUND: 17,
  /** 18: no resources left. */
  ERR_NO_RESOURCES: 18,
  /** 19: not supported. */
  ERR_NOT_SUPPORTED: 19,
  /** 20: operation not allowed in this state. */
  ERR_BAD_OPERATION: 20,
  /** 21: operation failed. */
  ERR_FAILED_OPERATION: 21,
  /** 22: message error. */
  ERR_MESSAGE_ERROR: 22,
  /** 23: queue full. */
  ERR_QUEUE_FULL: 23,
  /** 24: queue not available. */
  ERR_QUEUE_NOT_AVAILABLE: 24,
  /** 25: bad flags. */
  ERR_BAD_FLAGS: 25,
  /** 26: message too big. */
  ERR_TOO_BIG: 26,
  /** 27: no sections. */
  ERR_NO_SECTIONS: 27,
  /** 28: context not found. */
  ERR_CONTEXT_NOT_FOUND: 28,
  /** 30: too many groups. */
  ERR_TOO_MANY_GROUPS: 30,
  /** 31: the server is shutting down. */
  ERR_IN_SHUTDOWN: 31,
  /** 100: refused by the server's security check. */
  ERR_SECURITY: 100,
} as const;

/** The name of a status, without its `CS_` prefix. */
export type StatusName = keyof typeof CS;

/** The number of a status. */
export type Status = (typeof CS)[StatusName];

const TEXTS: Readonly<Record<StatusName, string>> = {
  OK: 'success',
  ERR_LIBRARY: 'the library or the connection failed',
  ERR_VERSION: 'version not supported',
  ERR_INIT: 'not initialised',
  ERR_TIMEOUT: 'time limit reached',
  ERR_TRY_AGAIN: 'not possible now, try again',
  ERR_INVALID_PARAM: 'invalid parameter',
  ERR_NO_MEMORY: 'out of memory',
  ERR_BAD_HANDLE: 'handle unknown or closed',
  ERR_BUSY: 'busy',
  ERR_ACCESS: 'access denied',
  ERR_NOT_EXIST: 'no such service or object',
  ERR_NAME_TOO_LONG: 'name too long',
  ERR_EXIST: 'exists already',
  ERR_NO_SPACE: 'no space left',
  ERR_INTERRUPT: 'interrupted',
  ERR_NAME_NOT_FOUND: 'name not found',
  ERR_NO_RESOURCES: 'no resources left',
  ERR_NOT_SUPPORTED: 'not supported',
  ERR_BAD_OPERATION: 'operation not allowed in this state',
  ERR_FAILED_OPERATION: 'operation failed',
  ERR_MESSAGE_ERROR: 'message error',
  ERR_QUEUE_FULL: 'queue full',
  ERR_QUEUE_NOT_AVAILABLE: 'queue not available',
  ERR_BAD_FLAGS: 'bad flags',
  ERR_TOO_BIG: 'message too big',
  ERR_NO_SECTIONS: 'no sections',
  ERR_CONTEXT_NOT_FOUND: 'context not found',
  ERR_TOO_MANY_GROUPS: 'too many groups',
  ERR_IN_SHUTDOWN: 'the server is shutting down',
  ERR_SECURITY: 'refused by the server\'s security check',
};

const NAMES: ReadonlyMap<number, StatusName> = new Map(
  (Object.keys(CS) as StatusName[]).map((name) => [CS[name], name]),
);

/** The name of a status number (`'ERR_TRY_AGAIN'`), or `undefined` for a number that has none. */
export function statusName(status: number): StatusName | undefined {
  return NAMES.get(status);
}

/** What a status means, in a few words, for an error's message. */
export function statusText(status: number): string {
  const name = NAMES.get(status);
  return name === undefined ? `unknown status ${status}` : TEXTS[name];
}
