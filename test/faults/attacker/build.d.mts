/** Where the program is, after making sure that it is up to date. */
export function buildAttacker(): string;
