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

function load(): NativeLibuv {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const path = `../prebuilds/${platform}/coroipc_libuv.node`;
    return createRequire(import.meta.url)(path) as NativeLibuv;
  } catch (cause) {
    throw new Error(
      `@coroipc/adapter-libuv has no binary for ${platform} that loads here (prebuilds/${platform}/coroipc_libuv.node); it supports Linux on x64 and arm64, and hosts whose loop is libuv's`,
      { cause },
    );
  }
}

/** The addon of this environment. */
export const native: NativeLibuv = load();
