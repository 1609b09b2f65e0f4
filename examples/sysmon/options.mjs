// The command line of main.mjs.

export const HELP = `Usage: npm start -- [options]     or: node examples/sysmon/main.mjs [options]

Three processes over shared memory: a server that samples this machine's /proc, a subscriber
that shows the stream, and a caller that makes synchronous calls.

  --seconds N   how long to run, above 0 and up to 86400 (default 10)
  --json        print one JSON document at the end, and nothing else
  --help        print this
`;

const MAX_SECONDS = 86_400;

/** @typedef {{ seconds: number, json: boolean, help: boolean }} Options */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {RangeError} with one line that names the option and the value
 */
export function parseOptions(args) {
  const options = { seconds: 10, json: false, help: false };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, ...value] = arg.split('=');
    if (name === '--seconds') {
      options.seconds = parseSeconds(value.length > 0 ? value.join('=') : rest.shift());
    } else if (arg === '--json') options.json = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (name === '--json' || name === '--help') {
      throw new RangeError(`${name} takes no value, got ${JSON.stringify(value.join('='))}`);
    } else throw new RangeError(`unknown option ${JSON.stringify(arg)}: see --help`);
  }
  return options;
}

/** @param {string | undefined} text */
function parseSeconds(text) {
  const limits = `--seconds must be a number above 0 and up to ${MAX_SECONDS}`;
  if (text === undefined) throw new RangeError(`${limits}, got nothing`);
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  // "Not above 0" holds for NaN too.
  if (!(seconds > 0) || seconds > MAX_SECONDS) {
    throw new RangeError(`${limits}, got ${JSON.stringify(text)}`);
  }
  return seconds;
}
