// What a child and its test tell each other. See child.mjs for the other end.
import { writeSync } from 'node:fs';

/** Tells the test something; at once, so that nothing is lost to a crash. */
export const say = (what, value = null) => {
  writeSync(1, `${JSON.stringify([what, value])}\n`);
};

/** Resolves when the test ends this child's standard input; keeps the process alive meanwhile. */
export const told = () => new Promise((resolve) => process.stdin.resume().once('end', resolve));

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
