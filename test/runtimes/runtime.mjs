// The runtime that runs this, as the tests see it: what it is, and how to start it once more.

/** The command that this runtime is started with, options included; a script is to follow. */
export const command = JSON.parse(process.env.COROIPC_RUNTIME ?? '[]');
if (command.length === 0) {
  throw new Error(
    'COROIPC_RUNTIME must hold the command of this runtime: see scripts/runtimes.mjs',
  );
}

/** Bun and Deno both say that they are Node, too. */
export const isBun = process.versions.bun !== undefined;
export const isNode = !isBun && process.versions.deno === undefined;

/** Frees what nothing reaches any more. Finalizers may run a little later. */
export function collectGarbage() {
  if (isBun) globalThis.Bun.gc(true);
  else globalThis.gc();
}
