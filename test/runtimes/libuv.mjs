// What the libuv adapter says where its loop is not: which one to use in its place.

import assert from 'node:assert/strict';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { isBun } from './runtime.mjs';

export const libuvRefuses = {
  'says what to use in its place': () => {
    const told = `libuvPoll() needs Node's own event loop, which ${isBun ? 'Bun' : 'Deno'} lacks; use threadPoll() of @coroipc/core, or epollPoll() of @coroipc/adapter-epoll`;
    assert.throws(libuvPoll, { name: 'Error', message: told });
    // And nothing of it was loaded that would say it once only, or end the process.
    assert.throws(libuvPoll, { name: 'Error', message: told });
  },
};
