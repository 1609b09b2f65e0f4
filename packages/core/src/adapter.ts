// What adapter packages share, beside the contract itself: `@coroipc/core/adapter`.

export {
  checkAdapter,
  checkFunction,
  checkInteger,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
  describe,
  MAX_INT32,
} from './arguments.js';
export { type PollWatch, pollHandle } from './poll/handle.js';
