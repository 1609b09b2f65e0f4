// The life of a child process of main.mjs: it works until its parent says stop, or is gone.
//
// On the channel between them, to the parent: { ready: true }, { figures }, { fatal: message }.
// From the parent: { go: true }, { stop: true }, and { calls } with the caller's latest figures.

// How long a child may take to close what it opened once it has been told to stop.
const GRACE_MS = 2000;

/**
 * Does `work`, which gets a signal that aborts when it has to end.
 * @param {(stop: AbortSignal) => Promise<void>} work
 */
export async function live(work) {
  if (process.send === undefined) {
    process.stderr.write('this process is started by main.mjs: run that\n');
    process.exitCode = 2;
    return;
  }
  const stop = new AbortController();
  const end = () => {
    stop.abort();
    setTimeout(() => process.exit(1), GRACE_MS).unref();
  };
  process.on('message', (/** @type {{ stop?: true }} */ message) => {
    if (message.stop) end();
  });
  process.once('disconnect', end);
  // Ctrl-C reaches every process of the terminal's group at once. The order in which the processes
  // end is for the parent to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

  try {
    await work(stop.signal);
  } catch (error) {
    process.exitCode = 1;
    await tell({ fatal: error instanceof Error ? error.message : String(error) });
  }
  if (process.connected) process.disconnect();
}

/**
 * Sends to the parent; resolves when that is done, or when there is no parent any more.
 * @param {object} message
 * @returns {Promise<void>}
 */
export function tell(message) {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, undefined, undefined, () => resolve());
  });
}

/**
 * Resolves when the signal aborts.
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
