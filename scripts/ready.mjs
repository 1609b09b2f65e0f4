// Brings a clone to where anything can run: tools looked for, dependencies installed, everything
// built. Node's own modules only, until they are installed. Everything it shows goes to standard
// error, so that the program that follows owns standard output.
import { existsSync, statSync } from 'node:fs';
import { at, run } from './run.mjs';
import { buildComplaints, installComplaints, nodeComplaints } from './tools.mjs';

// npm's own record of what it installed.
const INSTALLED = 'node_modules/.package-lock.json';

function isInstalled() {
  if (!existsSync(at(INSTALLED))) return false;
  return statSync(at(INSTALLED)).mtimeMs >= statSync(at('package-lock.json')).mtimeMs;
}

function stop(lines) {
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exit(1);
}

/** Makes the clone ready. Ends the process with code 1, and a line that says why, if it cannot. */
export async function ready() {
  const old = nodeComplaints();
  if (old.length > 0) stop(old);

  if (!isInstalled()) {
    const complaints = (await Promise.all([installComplaints(), buildComplaints()])).flat();
    if (complaints.length > 0) stop(complaints);
    const { code } = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      out: 'stderr',
    });
    if (code !== 0) stop(['installing the dependencies (npm ci) failed']);
  }

  const { build, BuildError } = await import('./build.mjs');
  try {
    await build();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    stop([error.message]);
  }
}
