/** For programs that are not Node: a sanitizer that the tests run under is not loaded before them. */
export function plainEnvironment(): NodeJS.ProcessEnv;

/** Where the program is, after making sure that it is up to date. */
export function buildAttacker(): string;
