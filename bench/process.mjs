// A process of a measurement: a module that runs in a Node of its own, ready when it sends its first
// message, then asked and answering one question at a time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

// Long after every measurement: ends what hangs.
const LIMIT_MS = 60_000;
// The garbage of one measurement shall not be collected in the memory count of the next.
const NODE = [process.execPath, '--expose-gc'];

/** Starts `module`, on one CPU if one is named, and waits until it is ready. */
export async function start(module, args, cpu) {
  const command = cpu === undefined ? [] : ['taskset', '-c', String(cpu)];
  const [program, ...rest] = [...command, ...NODE, module, ...args];
  const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const what = `${basename(module)} ${args.join(' ')}`;
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${what} ended with ${signal ?? `code ${code}`} before it was asked to`);
  });
  // Who waits for an answer hears of it; at any other time the next question does.
  gone.catch(() => {});
  const heard = async () => {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const message = once(child, 'message', { signal: limit }).catch(() => {
      throw new Error(`${what} said nothing for ${LIMIT_MS / 1000} seconds`);
    });
    const [first] = await Promise.race([message, gone]);
    return first;
  };

  const end = async () => {
    child.kill('SIGKILL');
    await gone.catch(() => {});
  };
  const first = await heard().catch(async (error) => {
    await end();
    throw error;
  });
  return {
    first,
    async ask(question) {
      const answer = heard();
      child.send(question, (error) => {
        if (error) child.kill('SIGKILL');
      });
      const { result, error } = await answer;
      if (error !== undefined) throw new Error(`${what}: ${error}`);
      return result;
    },
    end,
  };
}
