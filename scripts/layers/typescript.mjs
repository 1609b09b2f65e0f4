// The layers of packages/: adapters stand on core, by its name only; inside core, imports go
// downwards, and nowhere in a circle. Tests may import what they like.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { files } from '../files.mjs';

// The floors of packages/core/src, lowest first. A floor has one side, or several that do not know
// each other. A module belongs to the first name that it begins with: `coroipcs` is coroipcs.ts,
// coroipcs-state.ts and coroipcs/. The C API and the API for people are two faces of the same two
// engines.
const FLOORS = [
  {
    floor: 'the ground',
    sides: [
      [
        ...['status', 'errors', 'arguments', 'messages', 'native', 'served-names', 'poll/contract'],
        ...[
          'scratch',
          'view',
          'arrivals',
          'dispatch-message',
          'ticks',
          'wires',
          'zero-copy-buffer',
        ],
      ],
    ],
  },
  { floor: 'what both sides use', sides: [['poll'], ['rings']] },
  { floor: 'the engines', sides: [['server-engine'], ['client-engine']] },
  { floor: 'the faces', sides: [['coroipcs'], ['coroipcc'], ['server'], ['client']] },
  { floor: 'the front doors', sides: [['index'], ['adapter']] },
];

const TESTING_MAY = ['testing', 'arguments', 'poll/contract', 'poll', 'errors', 'status'];

const FOR_ADAPTERS = ['@coroipc/core', '@coroipc/core/adapter'];

const begins = (module, name) => module === name || /^[-/.]/.test(module.slice(name.length));
const belongs = (module, name) => module.startsWith(name) && begins(module, name);

function place(module) {
  for (const [height, { floor, sides }] of FLOORS.entries()) {
    for (const [side, names] of sides.entries()) {
      if (names.some((name) => belongs(module, name))) return { height, floor, side };
    }
  }
  return undefined;
}

function imports(text) {
  const lines = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest).getLineStarts();
  const lineOf = (position) => {
    const after = lines.findIndex((start) => start > position);
    return after < 0 ? lines.length : after;
  };
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName, pos }) => ({ name: fileName, line: lineOf(pos) }));
}

const isRelative = (name) => name.startsWith('.');
const packageOf = (path) => path.split('/').slice(0, 2).join('/');
// `./poll/contract.js` beside packages/core/src/x.ts is packages/core/src/poll/contract.ts.
const target = (name, path) => join(dirname(path), name).replace(/\.js$/, '.ts');
const moduleOf = (path) => path.replace(/^packages\/[^/]+\/src\//, '').replace(/\.ts$/, '');

function ruleInCore(path, name) {
  if (name.startsWith('@coroipc/')) return `core never imports an adapter, nor itself: ${name}`;
  if (!isRelative(name)) return undefined;
  const from = moduleOf(path);
  const to = moduleOf(target(name, path));

  if (belongs(from, 'testing')) {
    return TESTING_MAY.some((each) => belongs(to, each))
      ? undefined
      : `testing imports the poll contract and the ground only, not ${to}`;
  }
  if (belongs(to, 'testing')) return 'nobody imports testing: it is for the tests of adapters';

  const here = place(from);
  const there = place(to);
  if (here === undefined || there === undefined) return undefined;
  if (there.height > here.height) {
    return `${here.floor} (${from}) may not import ${there.floor} above it (${to})`;
  }
  if (there.height === here.height && there.side !== here.side) {
    return `two sides of ${here.floor} do not import each other: ${from} imports ${to}`;
  }
  return undefined;
}

function ruleInAdapter(name) {
  return name.startsWith('@coroipc/') && !FOR_ADAPTERS.includes(name)
    ? `an adapter imports ${FOR_ADAPTERS.join(' and ')} and nothing else of ours: ${name}`
    : undefined;
}

function ruleBroken(path, name) {
  if (isRelative(name) && !target(name, path).startsWith(`${packageOf(path)}/src/`)) {
    return `an import by path stays inside its package's src/: ${name}`;
  }
  return packageOf(path) === 'packages/core' ? ruleInCore(path, name) : ruleInAdapter(name);
}

// The circles among the imports, each told once, at the import that closes it.
function circles(graph) {
  const found = [];
  const state = new Map();
  const visit = (path, trail) => {
    state.set(path, 'open');
    for (const { to, line } of graph.get(path) ?? []) {
      if (state.get(to) === 'open') {
        const circle = [...trail.slice(trail.indexOf(to)), to].map(moduleOf).join(' -> ');
        found.push({ file: path, line, rule: `imports go in a circle: ${circle}` });
      } else if (!state.has(to)) {
        visit(to, [...trail, to]);
      }
    }
    state.set(path, 'done');
  };
  for (const path of graph.keys()) if (!state.has(path)) visit(path, [path]);
  return found;
}

/** What packages/ below `root` breaks: a list of `{ file, line, rule }`. */
export function typescriptViolations(root) {
  const paths = files('packages', root).filter(
    (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'),
  );
  const known = new Set(paths);
  const graph = new Map();
  const broken = [];
  for (const path of paths) {
    if (path.startsWith('packages/core/') && !belongs(moduleOf(path), 'testing')) {
      if (place(moduleOf(path)) === undefined) {
        broken.push({ file: path, line: 1, rule: 'this file has no floor in scripts/layers' });
      }
    }
    const all = imports(readFileSync(`${root}/${path}`, 'utf8'));
    for (const { name, line } of all) {
      const rule = ruleBroken(path, name);
      if (rule !== undefined) broken.push({ file: path, line, rule });
    }
    graph.set(
      path,
      all
        .filter(({ name }) => isRelative(name))
        .map(({ name, line }) => ({ to: target(name, path), line }))
        .filter(({ to }) => known.has(to)),
    );
  }
  return [...broken, ...circles(graph)];
}
