// The command line of main.mjs.

import { ADAPTER_NAMES } from './adapters.mjs';

/** The library's own wire, and corosync's. */
const WIRE_NAMES = ['native', 'classic'];

export const HELP = `Usage: npm start -- [options]     or: node examples/sysmon/main.mjs [options]

Three processes over shared memory: a server that samples this machine's /proc, a subscriber
that shows the stream, and a caller that makes synchronous calls.

  --seconds N   how long to run, above 0 and up to 86400 (default 10)
  --adapter A   the poll system: ${ADAPTER_NAMES.join(', ')} (default libuv)
  --wire W      how messages travel: ${WIRE_NAMES.join(', ')} (default native)
  --runtime ROLE=PROGRAM
                run the subscriber or the caller on another runtime, once for each: a name in
                PATH or a path, as in --runtime caller=bun --runtime subscriber=deno
                (there epoll takes the place of libuv)
  --json        print one JSON document at the end, and nothing else
  --help        print this
`;

const MAX_SECONDS = 86_400;

const CLIENTS = ['subscriber', 'caller'];

/**
 * @typedef {object} Options
 * @property {number} seconds
 * @property {string} adapter
 * @property {import('@coroipc/core').Wire} wire
 * @property {Record<string, string>} runtimes the program that runs a role, where it is not Node
 * @property {boolean} json
 * @property {boolean} help
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {RangeError} with one line that names the option and the value
 */
export function parseOptions(args) {
  /** @type {Options} */
  const options = {
    seconds: 10,
    adapter: 'libuv',
    wire: 'native',
    runtimes: {},
    json: false,
    help: false,
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, ...value] = arg.split('=');
    if (name === '--seconds') {
      options.seconds = parseSeconds(textOf(value, rest));
    } else if (name === '--adapter') {
      options.adapter = parseName(name, ADAPTER_NAMES, textOf(value, rest));
    } else if (name === '--wire') {
      const wire = parseName(name, WIRE_NAMES, textOf(value, rest));
      options.wire = /** @type {Options['wire']} */ (wire);
    } else if (name === '--runtime') {
      Object.assign(options.runtimes, parseRuntime(textOf(value, rest)));
    } else if (arg === '--json') options.json = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (name === '--json' || name === '--help') {
      throw new RangeError(`${name} takes no value, got ${JSON.stringify(value.join('='))}`);
    } else throw new RangeError(`unknown option ${JSON.stringify(arg)}: see --help`);
  }
  return options;
}

/**
 * What stands behind the "=", or in the next argument.
 * @param {string[]} value
 * @param {string[]} rest
 */
const textOf = (value, rest) => (value.length > 0 ? value.join('=') : rest.shift());

/**
 * @param {string} option
 * @param {readonly string[]} names
 * @param {string | undefined} text
 */
function parseName(option, names, text) {
  if (text !== undefined && names.includes(text)) return text;
  const got = text === undefined ? 'nothing' : JSON.stringify(text);
  throw new RangeError(`${option} must be one of ${names.join(', ')}, got ${got}`);
}

/** @param {string | undefined} text */
function parseRuntime(text) {
  const [role = '', ...program] = (text ?? '').split('=');
  if (CLIENTS.includes(role) && program.join('=') !== '') return { [role]: program.join('=') };
  const got = text === undefined ? 'nothing' : JSON.stringify(text);
  throw new RangeError(`--runtime must be ${CLIENTS.join(' or ')}, = and a program, got ${got}`);
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
