// What the processes of tests get of this one's surroundings.

// As little as a child needs, and what a sanitizer needs that the tests run under.
const PASSED_ON = ['PATH', 'LD_PRELOAD', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'COROIPC_DIRECT_AFTER'];

/** For a process of Node's that loads our addons. */
export const passedOn = (): NodeJS.ProcessEnv =>
  Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
