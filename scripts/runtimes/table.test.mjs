import { describe, expect, it } from 'vitest';
import { differences, tableOf } from './table.mjs';

const outcome = (area, more) => ({ area, test: 'x', works: true, seconds: 0, ...more });
const every = ['people', 'c-names', 'workers', 'thread', 'epoll thread', 'epoll run', 'sysmon'];
const runtimes = [
  { name: 'Node 1', outcomes: [...every, 'rxjs on thread', 'libuv'].map((area) => outcome(area)) },
  {
    name: 'Bun 2',
    outcomes: [
      ...every.map((area) => outcome(area)),
      outcome('libuv', { works: false }),
      outcome('people', { error: 'broken' }),
    ],
  },
];
const table = tableOf(runtimes);
const readme = (lines) => ['# x', '', '## Runtimes', '', ...lines, '', '| other |'].join('\n');

describe('the table of runtimes', () => {
  it('says what ran, what is refused, what failed and what did not run', () => {
    expect(table[0]).toBe('|  | Node 1 | Bun 2 |');
    expect(table).toContain('| `libuvPoll()` | yes | no |');
    expect(table).toContain('| `IpcServer` and `IpcClient` | yes | FAILS |');
    expect(table).toContain('| `rxPoll()` over these | yes | ? |');
  });

  it('is compared with the one in README.md, column by column', () => {
    expect(differences(table, readme(table))).toEqual([]);
    const wider = table.map((line) => `${line} more |`);
    expect(differences(table, readme(wider))).toEqual([]);
  });

  it('tells each difference', () => {
    const other = table.map((line) => line.replace('| yes | no |', '| yes | yes |'));
    expect(differences(table, readme(other))).toEqual([
      'README.md: `libuvPoll()`, Bun 2: "yes", not "no"',
    ]);
    const narrower = tableOf(runtimes.slice(0, 1));
    expect(differences(table, readme(narrower))).toEqual(['README.md says nothing of Bun 2']);
    expect(differences(table, readme(table.slice(1)))).toHaveLength(1);
    expect(() => differences(table, '# x')).toThrow('## Runtimes');
  });
});
