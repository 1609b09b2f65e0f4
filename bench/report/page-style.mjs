// How the page looks, on white and on black.
import { darkRules, FONT, INK, MUTED, PAPER } from './theme.mjs';

export const STYLE = `
:root { --paper: ${PAPER}; --ink: ${INK}; --muted: ${MUTED}; --line: #d5dbe1; --soft: #f5f7f9;
  --met: #1a6e37; --missed: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --ink: #e6edf3; --muted: #9aa4af; --line: #30363d; --soft: #161b22;
    --met: #56d37f; --missed: #ff8a80; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 ${FONT}; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 8px 0; }
h2 { font-size: 19px; margin: 36px 0 10px; }
p { max-width: 75ch; color: var(--muted); }
div.facts { display: flex; flex-wrap: wrap; gap: 0 56px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0 0 20px; padding: 0; overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px; text-align: right; white-space: nowrap; }
th { color: var(--muted); font-weight: 500; border-bottom: 1px solid var(--line); }
td { border-bottom: 1px solid var(--soft); }
tbody tr:hover { background: var(--soft); }
.words { text-align: left; }
td.wide { white-space: normal; min-width: 30ch; }
.met { color: var(--met); font-weight: 600; }
.missed { color: var(--missed); font-weight: 600; }
summary { cursor: pointer; padding: 6px 0; }
${darkRules('svg ')}`;
