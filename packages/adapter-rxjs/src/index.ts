// The public face of @coroipc/adapter-rxjs. What is not listed here is not public.

export { type Readiness, type RxPoll, type RxPollOptions, rxPoll } from './rx-poll.js';
