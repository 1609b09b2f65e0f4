export { libuvPoll } from './libuv-poll.js';
