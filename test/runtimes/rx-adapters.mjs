// All of the adapters, those over RxJS too, which takes a process as long to load as the runtime itself.

import { epollPoll } from '@coroipc/adapter-epoll';
import { rxPoll } from '@coroipc/adapter-rxjs';
import { threadPoll } from '@coroipc/core';
import { adapters as sources } from './adapters.mjs';

export const adapters = {
  ...sources,
  'rxjs on thread': () => rxPoll({ source: threadPoll() }),
  'rxjs on epoll': () => rxPoll({ source: epollPoll() }),
};
