// The command line of run.mjs.
import { CASES } from './cases/index.mjs';
import { IMPLS } from './impls/index.mjs';
import { PLACEMENTS } from './placement.mjs';

const NAMES = {
  case: CASES.map(({ name }) => name),
  impl: IMPLS.map(({ name }) => name),
  placement: PLACEMENTS,
};

export const HELP = `Usage: npm run bench -- [options]

  --quick              what the ratios are made of, in about a minute; a case that is named with
                       --case is measured whole, but shorter
  --case NAMES         only these, separated by commas, of:
${listed(NAMES.case)}
  --impl NAMES         only these, of:
${listed(NAMES.impl)}
  --placement NAMES    only these, of: ${NAMES.placement.join(', ')}
  --rounds N           so many rounds, 1 to 1000
  --json FILE          write everything to FILE, too
  --report DIR         write pages of charts to DIR, too
  --compare OLD        what moved since the run that wrote OLD with --json
  --compare OLD NEW    what moved between two runs; nothing is measured
  --install-peers      install what the library is compared with, from Debian and npm, before;
                       alone it does nothing else
  --help               print this
`;

/** Names in lines of a width that fits a terminal. */
function listed(names) {
  const lines = [''];
  for (const name of names) {
    if (lines.at(-1).length + name.length > 70) lines.push('');
    lines.push(`${lines.pop()}${name}, `);
  }
  return lines
    .map((line) => `                       ${line.trimEnd()}`)
    .join('\n')
    .slice(0, -1);
}

const MOST_ROUNDS = 1000;
const FLAGS = ['quick', 'help', 'install-peers'];
const TEXTS = ['json', 'report', 'compare'];
const VALUES = [...TEXTS, 'rounds', ...Object.keys(NAMES)];

/**
 * The options. A list that was not given holds everything; `named` holds the names of those that
 * were. `compare` is a list of one file or two.
 * @throws {RangeError} with one line that names the option and the value
 */
export function parseOptions(args) {
  const options = { ...NAMES, quick: false, help: false, installPeers: false, named: [] };
  const rest = [...args];
  while (rest.length > 0) {
    const [option, ...inline] = rest.shift().split('=');
    const name = option.startsWith('--') ? option.slice(2) : '';
    if (FLAGS.includes(name)) {
      if (inline.length > 0) throw new RangeError(`${option} takes no value`);
      options[name === 'install-peers' ? 'installPeers' : name] = true;
    } else if (VALUES.includes(name)) {
      const text = inline.length > 0 ? inline.join('=') : rest.shift();
      if (text === undefined || text === '' || (inline.length === 0 && text.startsWith('--'))) {
        throw new RangeError(`${option} needs a value`);
      }
      options[name] = chosenBy(name, text);
      options.named.push(name);
      const isNew = name === 'compare' && rest.length > 0 && !rest[0].startsWith('--');
      if (isNew) options.compare.push(rest.shift());
    } else {
      throw new RangeError(`unknown option ${JSON.stringify(option)}: see --help`);
    }
  }
  checkTogether(options, args);
  return options;
}

function checkTogether({ compare = [] }, args) {
  if (compare.length < 2) return;
  const others = args.filter((arg) => arg.startsWith('--') && !arg.startsWith('--compare'));
  if (others.length === 0) return;
  throw new RangeError(`--compare of two files measures nothing, so there can be no ${others[0]}`);
}

function chosenBy(name, text) {
  if (name === 'compare') return [text];
  if (TEXTS.includes(name)) return text;
  if (name === 'rounds') return roundsOf(text);
  const known = NAMES[name];
  const given = text.split(',');
  const strange = given.find((each) => !known.includes(each));
  if (strange === undefined) return known.filter((each) => given.includes(each));
  throw new RangeError(`--${name} must be of ${known.join(', ')}, got ${JSON.stringify(strange)}`);
}

function roundsOf(text) {
  const rounds = /^\d+$/.test(text) ? Number(text) : 0;
  if (rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  const got = JSON.stringify(text);
  throw new RangeError(`--rounds must be a whole number from 1 to ${MOST_ROUNDS}, got ${got}`);
}
