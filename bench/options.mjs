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

  --quick            fewer and shorter rounds: about a minute
  --json FILE        write everything to FILE, too
  --case NAMES       only these, separated by commas, of: ${NAMES.case.join(', ')}
  --impl NAMES       only these, of: ${NAMES.impl.join(', ')}
  --placement NAMES  only these, of: ${NAMES.placement.join(', ')}
  --rounds N         so many rounds, 1 to 1000
  --help             print this
`;

const MOST_ROUNDS = 1000;
const FLAGS = ['quick', 'help'];
const VALUES = ['json', 'rounds', ...Object.keys(NAMES)];

/**
 * The options; a list that was not given holds everything.
 * @throws {RangeError} with one line that names the option and the value
 */
export function parseOptions(args) {
  const options = { quick: false, help: false, json: undefined, rounds: undefined, ...NAMES };
  const rest = [...args];
  while (rest.length > 0) {
    const [option, ...inline] = rest.shift().split('=');
    const name = option.startsWith('--') ? option.slice(2) : '';
    if (FLAGS.includes(name)) {
      if (inline.length > 0) throw new RangeError(`${option} takes no value`);
      options[name] = true;
    } else if (VALUES.includes(name)) {
      const text = inline.length > 0 ? inline.join('=') : rest.shift();
      if (text === undefined || text === '') throw new RangeError(`${option} needs a value`);
      options[name] = chosenBy(name, text);
    } else {
      throw new RangeError(`unknown option ${JSON.stringify(option)}: see --help`);
    }
  }
  return options;
}

function chosenBy(name, text) {
  if (name === 'json') return text;
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
