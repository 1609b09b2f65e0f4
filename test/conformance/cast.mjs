// The adapters under test by name, and the descriptors they are tested with: for the processes and
// workers that the tests start.
import { createRequire } from 'node:module';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { threadPoll } from '@coroipc/core';
import { turnedPoll } from '@coroipc/core/testing';
import { epolls } from './epolls.mjs';

export const adapters = { libuv: libuvPoll, thread: threadPoll, hand: turnedPoll, ...epolls };

export const descriptors = createRequire(import.meta.url)(
  '../../build/Release/coroipc_test_descriptors.node',
);
