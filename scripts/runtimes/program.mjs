// Runs the test program in one runtime, and hears how each test went. A program that ends in the
// midst of a test has failed it.
import { at, run } from '../run.mjs';

const LIMIT_MS = 4 * 60_000;

/** @typedef {{ area: string, test: string, works: boolean, seconds: number, error?: string }} Outcome */

function outcomesOf({ code, out, errors, late }) {
  const outcomes = [];
  let open;
  for (const line of out.split('\n')) {
    if (!line.startsWith('{"area"')) continue;
    const told = JSON.parse(line);
    if (told.seconds === undefined) open = told;
    else {
      open = undefined;
      outcomes.push(told);
    }
  }
  const end = late ? 'it did not end in time' : `it ended with code ${code}`;
  const why = `${end}\n${errors.trimEnd().split('\n').slice(-20).join('\n')}`;
  if (open !== undefined) outcomes.push({ ...open, seconds: 0, error: why });
  else if (
    outcomes.length === 0 ||
    (code !== 0 && outcomes.every(({ error }) => error === undefined))
  ) {
    outcomes.push({
      area: 'process',
      test: 'the program ends well',
      works: true,
      seconds: 0,
      error: why,
    });
  }
  return outcomes;
}

/**
 * @param {{ name: string, command: string[] }} runtime
 * @returns {Promise<Outcome[]>}
 */
export async function runProgram({ command }) {
  const [binary, ...options] = command;
  const result = await run(binary, [...options, at('test/runtimes/program.mjs')], {
    out: 'text',
    errors: 'text',
    env: { COROIPC_RUNTIME: JSON.stringify(command), NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
    limitMs: LIMIT_MS,
  });
  return outcomesOf(result);
}
