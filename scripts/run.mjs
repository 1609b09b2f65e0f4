// Runs a program and waits for its end. Node's own modules only: this is used before anything is
// installed. Every program gets a process group of its own, and whatever is left of the group
// ends with it: at its end, at its time bound, or when this process is interrupted.
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, without a slash at the end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** A path below the root. */
export const at = (path) => `${root}/${path}`;

/** Whether the module of `url` is the program that Node was started with. */
export const isMain = (url) =>
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);

const groups = new Set();

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of the group.
  }
}

function interrupted(_signal, number) {
  for (const pid of groups) endGroup(pid);
  process.exit(128 + number);
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function enter(pid) {
  if (groups.size === 0) for (const signal of SIGNALS) process.on(signal, interrupted);
  groups.add(pid);
}

function leave(pid) {
  endGroup(pid);
  groups.delete(pid);
  if (groups.size === 0) for (const signal of SIGNALS) process.off(signal, interrupted);
}

// How long to wait for the pipes of a program that has ended: one of its descendants may have
// left the group and still hold them.
const PIPE_GRACE_MS = 2000;

/**
 * Runs `command` with `args` from the root.
 *
 * Options: `out`, where its standard output goes: 'stdout' (the default), 'stderr', 'text' (handed
 * back) or 'both' (shown and handed back); `errors`, the same choice for its standard error, with
 * 'stderr' as the default; `input`, text for its standard input; `env`, variables to add;
 * `limitMs`, a bound on its life.
 *
 * Resolves to `{ code, out, errors, late }`, with code 127 when there is no such program; never
 * rejects.
 */
export function run(command, args = [], options = {}) {
  const { out = 'stdout', errors = 'stderr', input, env = {}, limitMs } = options;
  const place = { stdout: 1, stderr: 2, text: 'pipe', both: 'pipe' };
  const texts = { out: '', errors: '' };

  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', place[out], place[errors]],
      detached: true,
    });
    child.once('error', (error) => {
      resolve({ code: 127, out: '', errors: error.message, late: false });
    });
    if (child.pid === undefined) return;
    enter(child.pid);

    const collect = (stream, name, show) => {
      if (stream === null) return;
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        texts[name] += text;
        if (show !== undefined) show.write(text);
      });
    };
    collect(child.stdout, 'out', out === 'both' ? process.stdout : undefined);
    collect(child.stderr, 'errors', errors === 'both' ? process.stderr : undefined);

    let late = false;
    const limit =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            endGroup(child.pid);
          }, limitMs);

    child.once('exit', (code) => {
      clearTimeout(limit);
      leave(child.pid);
      const done = () => resolve({ code: code === null ? 1 : code, ...texts, late });
      const grace = setTimeout(done, PIPE_GRACE_MS);
      child.once('close', () => {
        clearTimeout(grace);
        done();
      });
    });

    if (input !== undefined) {
      // A program that ends without reading its input is judged by its exit code.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    }
  });
}

/** Runs a script, or a program of an installed package, with this same Node. */
export const runNode = (args, options) => run(process.execPath, args, options);
