// What tests of poll adapters import as '@coroipc/core/testing'.

export {
  type ConformanceOptions,
  type ConformanceRunner,
  pollConformance,
} from './conformance.js';
export type { PollDescriptors } from './descriptors.js';
export { type HandPoll, type HandPollOptions, handPoll, turnedPoll } from './hand-poll.js';
export { type PollScenario, playPollScenario, type ScenarioOutcome } from './scenarios.js';
