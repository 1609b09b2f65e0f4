// The page: what was reached, every picture, every number, and what it was measured on. It needs
// nothing from elsewhere, and runs nothing.
import { different } from './choose.mjs';
import { escaped, facts, section } from './html.mjs';
import { STYLE } from './page-style.mjs';
import { goalsTable, moreTable, ratiosTable, rowsTable } from './tables.mjs';

const CASES = {
  syncCall: 'A call and its answer, one after the other',
  wake: 'The same, after the caller slept 500 µs, so that the server sleeps too',
  pipelined: 'Many calls in flight at a time; times are those of one lane',
  dispatch: 'Messages one way, as fast as they are taken without loss',
  fanOut: 'A message to every subscriber; the rate counts deliveries',
  paced: 'Requests on a schedule; times run from the moment that a request was due',
  zcb: 'A message through a zero-copy buffer, against a small one that is copied',
  hotAmong1000: 'A call on one connection, alone and among idle ones',
  allHot: 'Calls on all connections at a time',
  connect: 'Setting up a connection and taking it down',
  idle1000: 'A thousand connections on which nothing happens',
  timer: "How late the host's own timers run beside the traffic",
  adapters: 'The same exchange on each poll system',
};

const value = (given) =>
  given !== null && typeof given === 'object' ? JSON.stringify(given) : String(given);

const entriesOf = (object) =>
  Object.entries(object ?? {}).map(([name, given]) => [name, value(given)]);

// The pictures carry rules for dark of their own; within a page one set of them is enough.
const inline = (svg) => svg.replace(/<style>[\s\S]*?<\/style>/, '');

const figures = (pictures) =>
  pictures
    .map(({ name, svg }) => `<figure id="${escaped(name)}">${inline(svg)}</figure>`)
    .join('\n');

const numbers = ({ rows }) =>
  different(rows.map((row) => row.case))
    .map((name) => {
      const own = rows.filter((row) => row.case === name);
      return [
        `<details${name === 'syncCall' ? ' open' : ''}>`,
        `<summary><b>${escaped(name)}</b> ${escaped(CASES[name] ?? '')}</summary>`,
        rowsTable(own),
        moreTable(own),
        '</details>',
      ].join('\n');
    })
    .join('\n');

/** The whole page. `pictures` are `{ name, svg }`. */
export function page(result, pictures) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>coroipc: what was measured</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>coroipc: what was measured</h1>
<p>Everything in one run on one machine, round by round, what is compared one right after the other.
A number is the median of its rounds; beside it stand the smallest and the largest of them. Numbers of
one run compare with each other, not with those of another run or machine.</p>
<div class="facts">
${section('Machine', facts(entriesOf(result.machine)))}
${section('Versions', facts(entriesOf(result.versions)))}
${section('Left out', facts(entriesOf(result.missing)))}
</div>
${section('Goals', goalsTable(result.goals ?? {}))}
${section('Pictures', figures(pictures))}
${section('Ratios', ratiosTable(result.ratios ?? {}))}
${section('Numbers', numbers(result))}
</main>
</body>
</html>
`;
}
