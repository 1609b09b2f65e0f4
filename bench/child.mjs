// A second process of a case: forked, ready when it says so, ended when the case is over.
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Starts `module` and waits for its first message. `end` ends it and waits until it is gone. */
export async function start(module, args = []) {
  const child = fork(module, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = once(child, 'exit');
  const first = await Promise.race([once(child, 'message'), gone.then(() => undefined)]);
  if (first === undefined) throw new Error(`${module} ended before it was ready`);
  return {
    pid: child.pid,
    async ask(message) {
      const answer = Promise.race([once(child, 'message'), gone.then(() => undefined)]);
      child.send(message);
      const heard = await answer;
      if (heard === undefined) throw new Error(`${module} ended in the middle of a round`);
      return heard[0];
    },
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill();
      await gone;
    },
  };
}
