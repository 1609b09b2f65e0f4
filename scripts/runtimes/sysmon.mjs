// examples/sysmon with its server on Node and its clients in two other runtimes at once: each is the
// subscriber in one run and the caller in another.
import { run } from '../run.mjs';

const SECONDS = 2;
const LIMIT_MS = 60_000;

async function runOnce(subscriber, caller) {
  const roles = { subscriber, caller };
  const result = await run(
    process.execPath,
    [
      ...['examples/sysmon/main.mjs', '--json', '--seconds', String(SECONDS)],
      ...Object.entries(roles).flatMap(([role, { command }]) => [
        '--runtime',
        `${role}=${command[0]}`,
      ]),
    ],
    { out: 'text', errors: 'text', limitMs: LIMIT_MS },
  );
  if (result.code !== 0) return `it ended with code ${result.code}: ${result.errors.trimEnd()}`;
  const { calls, dispatches, errors } = JSON.parse(result.out);
  // Ticks come ten times a second at the least, calls thousands of times.
  if (errors === 0 && calls > 100 && dispatches >= SECONDS * 10) return undefined;
  return `${calls} calls, ${dispatches} dispatch messages, ${errors} errors`;
}

/** @returns the outcomes for each of the runtimes, in their order */
export async function runSysmon(runtimes) {
  const outcomes = runtimes.map(() => []);
  for (const [index, subscriber] of runtimes.entries()) {
    const other = (index + 1) % runtimes.length;
    const caller = runtimes[other];
    const start = performance.now();
    const error = await runOnce(subscriber, caller);
    const seconds = (performance.now() - start) / 1000;
    const common = { area: 'sysmon', works: true, seconds, ...(error && { error }) };
    outcomes[index].push({ ...common, test: `subscribes, while ${caller.name} calls` });
    outcomes[other].push({ ...common, test: `calls, while ${subscriber.name} subscribes` });
  }
  return outcomes;
}
