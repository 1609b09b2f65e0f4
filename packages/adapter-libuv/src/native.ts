// The addon's shape, and its loading. native/libuv/addon.cc is the other side.

import { createRequire } from 'node:module';

/** Watches are named by numbers that are never used twice in an environment. */
export interface NativeLibuv {
  /** Watches `fd` for POLLIN or POLLOUT; throws an Error with `code` (`'EEXIST'`, `'EBADF'`, …). */
  add(fd: number, events: number, onReady: (revents: number) => void): number;
  modify(handle: number, events: number): void;
  remove(handle: number): void;
  setRef(handle: number, ref: boolean): void;
}

// Both say that they have libuv's version. Bun has its functions too, which end the process when
// they are called; so nothing of the addon may be touched before this was asked.
function foreignHost(): string | undefined {
  if (process.versions['bun'] !== undefined) return 'Bun';
  if (process.versions['deno'] !== undefined) return 'Deno';
  return undefined;
}

const INSTEAD = 'use threadPoll() of @coroipc/core, or epollPoll() of @coroipc/adapter-epoll';

function load(): NativeLibuv {
  const host = foreignHost();
  if (host !== undefined) {
    throw new Error(`libuvPoll() needs Node's own event loop, which ${host} lacks; ${INSTEAD}`);
  }
  const platform = `${process.platform}-${process.arch}`;
  try {
    const path = `../prebuilds/${platform}/coroipc_libuv.node`;
    return createRequire(import.meta.url)(path) as NativeLibuv;
  } catch (cause) {
    throw new Error(
      `@coroipc/adapter-libuv has no binary for ${platform} that loads here (prebuilds/${platform}/coroipc_libuv.node); it supports Linux on x64 and arm64, and hosts whose loop is libuv's. Elsewhere ${INSTEAD}`,
      { cause },
    );
  }
}

let loaded: NativeLibuv | undefined;

/**
 * The addon of this environment, loaded when it is first asked for: a program may import every
 * adapter and choose one when it knows where it runs.
 * @throws {Error} where the host has no libuv loop.
 */
export function nativeLibuv(): NativeLibuv {
  loaded ??= load();
  return loaded;
}
