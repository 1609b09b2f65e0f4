// Runs the scripts of this folder in processes of their own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = 60_000;

export const runScript = (script, ...args) => runScriptWithin(PATIENCE_MS, script, ...args);

export function runScriptWithin(patienceMs, script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return runProgram(process.execPath, [path, ...args], patienceMs);
}

/** Runs a program to its end, or for as long as patience lasts: its exit code, and all it said. */
export function runProgram(program, args, patienceMs = PATIENCE_MS) {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode) => resolve({ exitCode, output }));
  });
}
