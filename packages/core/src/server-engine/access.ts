// Who can connect to a socket that is a path: its permission bits and its owner.

import { checkInteger, checkOptions } from '../arguments.js';

/** What is asked for; -1 where nothing is. */
export interface PathAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const OWNER = ['uid', 'gid'];
const MOST_MODE = 0o777;
const MOST_ID = 0xffff_fffe;

/** Checks `mode` and `owner` of a server; `prefix` stands before the names in error messages. */
export function checkAccess(
  prefix: string,
  name: string,
  mode: unknown,
  owner: unknown,
): PathAccess {
  if (!name.startsWith('/') && (mode !== undefined || owner !== undefined)) {
    const what = mode === undefined ? 'owner' : 'mode';
    throw new TypeError(
      `${prefix}${what} is of a path, and ${prefix}name is none: it does not begin with '/'`,
    );
  }
  if (owner !== undefined) checkOptions(`${prefix}owner`, owner, OWNER);
  const { uid, gid } = (owner ?? {}) as { uid?: unknown; gid?: unknown };
  const optional = (what: string, value: unknown, most: number) =>
    value === undefined ? -1 : checkInteger(prefix + what, value, 0, most);
  return {
    mode: optional('mode', mode, MOST_MODE),
    uid: optional('owner.uid', uid, MOST_ID),
    gid: optional('owner.gid', gid, MOST_ID),
  };
}
