// The command line of main.mjs.

import { ADAPTER_NAMES } from './adapters.mjs';

export const HELP = `Usage: npm start -- [options]     or: node examples/sysmon/main.mjs [options]

Three processes over shared memory: a server that samples this machine's /proc, a subscriber
that shows the stream, and a caller that makes synchronous calls.

  --seconds N   how long to run, above 0 and up to 86400 (default 10)
  --adapter A   the poll system: ${ADAPTER_NAMES.join(', ')} (default libuv)
  --json        print one JSON document at the end, and nothing else
  --help        print this
`;

const MAX_SECONDS = 86_400;

/** @typedef {{ seconds: number, adapter: string, json: boolean, help: boolean }} Options */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {RangeError} with one line that names the option and the value
 */
export function parseOptions(args) {
  const options = { seconds: 10, adapter: 'libuv', json: false, help: false };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, ...value] = arg.split('=');
    if (name === '--seconds') {
      options.seconds = parseSeconds(value.length > 0 ? value.join('=') : rest.shift());
    } else if (name === '--adapter') {
      options.adapter = parseAdapter(value.length > 0 ? value.join('=') : rest.shift());
    } else if (arg === '--json') options.json = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (name === '--json' || name === '--help') {
      throw new RangeError(`${name} takes no value, got ${JSON.stringify(value.join('='))}`);
    } else throw new RangeError(`unknown option ${JSON.stringify(arg)}: see --help`);
  }
  return options;
}

/** @param {string | undefined} text */
function parseAdapter(text) {
  if (text !== undefined && ADAPTER_NAMES.includes(text)) return text;
  const got = text === undefined ? 'nothing' : JSON.stringify(text);
  throw new RangeError(`--adapter must be one of ${ADAPTER_NAMES.join(', ')}, got ${got}`);
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
