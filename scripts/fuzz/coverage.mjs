// What libFuzzer says of a run: how often it ran the target, and how many edges of the code and
// features of their use it has seen, which it tells whenever it learns something, and at the end.

const last = (text, pattern) => Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);

/** From its standard error; all zero when it did not get to run anything. */
export const coverageOf = (text) => ({
  executions: last(text, /^stat::number_of_executed_units: (\d+)$/gm),
  covered: last(text, / cov: (\d+) ft:/g),
  features: last(text, / ft: (\d+) corp:/g),
});
