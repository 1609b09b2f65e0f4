// The adapters that are tested in every runtime, by name, but those over RxJS.

import { createRequire } from 'node:module';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { threadPoll } from '@coroipc/core';
import { epollsOn } from '../conformance/epolls.mjs';
import { isNode } from './runtime.mjs';

export const adapters = {
  thread: threadPoll,
  ...epollsOn(threadPoll),
  ...(isNode ? { libuv: libuvPoll } : {}),
};

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);
