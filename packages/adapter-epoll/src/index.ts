export type { Attachment } from './attachment.js';
export { EpollLoop } from './epoll-loop.js';
export { epollPoll } from './epoll-poll.js';
export type { EpollSignal, SignalNews } from './epoll-signal.js';
export type { EpollTimer, EpollTimerOptions } from './epoll-timer.js';
export type { RunOptions } from './run.js';
