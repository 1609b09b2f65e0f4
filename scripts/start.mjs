// npm start: the main job, examples/sysmon, from a fresh clone. Arguments go to it as they are.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ready } from './ready.mjs';
import { at, root } from './run.mjs';

await ready();

const child = spawn(process.execPath, [at('examples/sysmon/main.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});

// Ctrl-C reaches the example by itself, as it is in the terminal's group; what it leaves with is
// the outcome. The other signals are ours to pass on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.once('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
