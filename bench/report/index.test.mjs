import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from './index.mjs';
import { madeUpResult, madeUpRow } from './sample.test-data.mjs';

const VOID = new Set(['meta', 'link', 'br', 'hr', 'img', '!doctype']);

/** The elements of a page, after every one was seen to be closed in its turn. */
function elementsOf(html) {
  const open = [];
  const seen = [];
  const withoutStyle = html.replaceAll(/<style>[\s\S]*?<\/style>/g, '<style></style>');
  for (const [, closing, name, rest] of withoutStyle.matchAll(
    /<(\/?)([!\w]+)((?:[^<>"]|"[^"]*")*)>/g,
  )) {
    if (closing) {
      const opened = open.pop();
      if (opened !== name) throw new Error(`</${name}> closes <${opened}>`);
    } else {
      seen.push({ name, rest });
      if (!VOID.has(name) && !rest.endsWith('/')) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return seen;
}

const COMMAND = fileURLToPath(new URL('./main.mjs', import.meta.url));
const run = (...args) => spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });

let dir;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'coroipc-report-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('the page', () => {
  let html;
  let names;
  beforeAll(async () => {
    names = await writeReport(madeUpResult(), join(dir, 'new', 'report'));
    html = readFileSync(join(dir, 'new', 'report', 'report.html'), 'utf8');
  });

  it('is written with the pictures beside it', () => {
    expect(readdirSync(join(dir, 'new', 'report')).sort()).toEqual([...names].sort());
    expect(names).toContain('sync-call.svg');
    expect(names).toContain('report.html');
  });

  it('closes what it opens, and holds every picture', () => {
    const pictures = elementsOf(html).filter(({ name }) => name === 'svg');
    expect(pictures).toHaveLength(names.length - 1);
  });

  it('needs nothing from elsewhere, and runs nothing', () => {
    const foreign = elementsOf(html).filter(
      ({ name, rest }) =>
        ['script', 'link', 'iframe', 'object', 'img', 'base'].includes(name) ||
        /\s(?:src|srcset|on\w+)=/.test(rest) ||
        (name !== 'a' && /href=/.test(rest)),
    );
    expect(foreign).toEqual([]);
    expect(html).not.toMatch(/@import|url\(|javascript:/);
  });

  it('tells the machine, the versions, and what was left out as text', () => {
    expect(html).toContain('<dt>cpu</dt><dd>Made-up CPU</dd>');
    expect(html).toContain('<dt>zeromq</dt><dd>0.0.0-made-up</dd>');
    expect(html).toContain('<dt>nanomsg</dt><dd>it is not installed &lt;here&gt; &amp; now</dd>');
  });

  it('tells of each goal whether it was met', () => {
    expect(html).toContain('class="words missed">missed by 1.95 times</td>');
    expect(html).toContain('class="words met">met</td>');
    expect(html).toContain('<td class="words">not measured</td>');
    expect(html).toContain(
      '<td>at least 1,000,000</td><td>1,200,000</td><td>900,000 to 1,300,000</td>',
    );
  });

  it('tells medians, and spans, with units', () => {
    expect(html).toMatch(
      /<td class="words">coroipc<\/td>.*<td>1\.01 µs<\/td><td>866 ns to 1\.46 µs<\/td>/,
    );
    expect(html).toContain('<td class="words">server cpuPercent</td><td>0.01</td>');
  });

  it('is light or dark as the reader prefers', () => {
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toMatch(/prefers-color-scheme: ?dark/);
  });
});

it('a result of rows alone has a page, too', async () => {
  expect(await writeReport({ rows: [] }, dir)).toEqual(['report.html']);
  const html = readFileSync(join(dir, 'report.html'), 'utf8');
  elementsOf(html);
  expect(html).not.toMatch(/undefined|null|<h2>/);
});

describe('the command', () => {
  it('writes the report of a file', () => {
    const file = join(dir, 'result.json');
    writeFileSync(file, JSON.stringify({ rows: [madeUpRow('wake', 'native', { p50Ns: 1000 })] }));
    const { status, stdout } = run(file, join(dir, 'out'));
    expect(status).toBe(0);
    expect(stdout).toContain('wake.svg, report.html');
    expect(readdirSync(join(dir, 'out')).sort()).toEqual(['report.html', 'wake.svg']);
  });

  it('says in a line what is wrong', () => {
    const file = join(dir, 'strange.json');
    writeFileSync(file, '{}');
    for (const [args, line] of [
      [[], /^Usage: .*\n$/],
      [[join(dir, 'none.json'), dir], /^\S+none\.json cannot be read: ENOENT.*\n$/],
      [[file, dir], /^\S+strange\.json is not what the bench has measured: it has no rows\n$/],
    ]) {
      const { status, stderr } = run(...args);
      expect(status).toBe(1);
      expect(stderr).toMatch(line);
    }
  });
});
