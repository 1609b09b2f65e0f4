// What adapter packages share, beside the contract itself: `@coroipc/core/adapter`.

export {
  checkAdapter,
  checkFunction,
  checkInteger,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
  checkOptions,
  describe,
  MAX_INT32,
  optionNames,
} from './arguments.js';
export { type PollWatch, pollHandle } from './poll/handle.js';
