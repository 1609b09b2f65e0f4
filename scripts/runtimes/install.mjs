// Installs the runtimes of the catalogue below build/runtimes, each in a folder of its own, once: a
// stamp says which version is there.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { at, run } from '../run.mjs';

const LIMIT_MS = 5 * 60_000;

/** An install that failed, in one line. */
export class InstallError extends Error {}

// npm's own words for what went wrong: its code, and its first whole sentence.
function reasonOf(errors) {
  const lines = [...errors.matchAll(/^npm (?:error|ERR!) (.+)$/gm)].map(([, line]) => line);
  const code = lines.find((line) => line.startsWith('code '))?.slice('code '.length);
  const sentence = lines.find((line) => line.length > 30);
  return [code, sentence].filter((each) => each !== undefined).join(': ') || 'npm does not say why';
}

/**
 * Installs a runtime, where it is not there already.
 * @returns the command that starts it.
 */
export async function install({ name, package: wanted, version, binary, options }) {
  const home = `build/runtimes/${name.toLowerCase().replace(' ', '-')}`;
  const path = at(`${home}/node_modules/${binary}`);
  const stamp = at(`${home}/installed`);
  const what = `${wanted}@${version}`;
  const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === what && existsSync(path);
  if (!installed) {
    rmSync(at(home), { recursive: true, force: true });
    mkdirSync(at(home), { recursive: true });
    writeFileSync(at(`${home}/package.json`), '{ "private": true }\n');
    const { code, errors, late } = await run(
      'npm',
      [
        ...['install', '--prefix', at(home), '--save-exact', '--ignore-scripts', '--no-audit'],
        ...['--no-fund', '--no-workspaces', what],
      ],
      { out: 'text', errors: 'text', limitMs: LIMIT_MS },
    );
    if (code !== 0 || !existsSync(path)) {
      const why = late ? `no end after ${LIMIT_MS / 1000} s` : reasonOf(errors);
      throw new InstallError(`${what} cannot be installed from the npm registry: ${why}`);
    }
    writeFileSync(stamp, what);
  }
  return [path, ...options];
}
