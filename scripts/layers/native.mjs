// The layers of native/: which room may include which, and who may see Node-API and libuv.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { files } from '../files.mjs';

// Every room, with the rooms below it that it may include. Files that stand in native/ itself are
// below everything.
const BELOW = {
  sys: [],
  ring: ['sys'],
  wire: ['sys', 'ring'],
  server: ['sys', 'ring', 'wire'],
  client: ['sys', 'ring', 'wire'],
  js: ['sys', 'ring', 'wire', 'server', 'client'],
  libuv: ['sys'],
  epoll: ['sys'],
  test: ['sys', 'ring', 'wire', 'server', 'client', 'epoll'],
  fuzz: ['sys', 'ring', 'wire', 'server', 'client'],
};

const NODE = new Set([
  'napi.h',
  'napi-inl.h',
  'node_api.h',
  'node_api_types.h',
  'js_native_api.h',
  'js_native_api_types.h',
  'node.h',
  'v8.h',
]);

const ADDON_ROOMS = ['js', 'libuv', 'epoll'];

const isLoop = (name) => name === 'uv.h' || name.startsWith('uv/');
// The addons of the tests: one hands them descriptors to watch, one both ends of a connection.
const isTestAddon = (path) => /^native\/test\/(descriptors|ends)\.\w+$/.test(path);

function includes(text) {
  return text.split('\n').flatMap((line, index) => {
    const match = /^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)/.exec(line);
    return match === null ? [] : [{ name: match[1] ?? match[2], line: index + 1 }];
  });
}

// The file of native/ that an include names: from native/, as the compiler is told to look, or
// from beside the including file.
function target(name, path, known) {
  const candidates = [`native/${name}`, join(dirname(path), name)];
  return candidates.find((candidate) => known.has(candidate));
}

const roomOf = (path) => (path.split('/').length > 2 ? path.split('/')[1] : undefined);

function ruleBroken(path, name, known) {
  const room = roomOf(path);
  if (NODE.has(name) && !ADDON_ROOMS.includes(room) && !isTestAddon(path)) {
    return `only native/js, native/libuv and native/epoll include ${name}`;
  }
  if (isLoop(name) && room !== 'libuv') return `only native/libuv includes ${name}`;

  const included = target(name, path, known);
  if (included === undefined) return undefined;
  const other = roomOf(included);
  if (other === room || other === undefined) return undefined;
  if (room === undefined) return `a file that all rooms include, includes none of them: ${name}`;
  if ((BELOW[room] ?? []).includes(other)) return undefined;
  const allowed = (BELOW[room] ?? []).join(', ') || 'no other room';
  return `native/${room} includes ${name}, but what it may include is: ${allowed}`;
}

/** What native/ below `root` breaks: a list of `{ file, line, rule }`. */
export function nativeViolations(root) {
  const paths = files('native', root).filter((path) => /\.(h|cc|c|hpp|cpp)$/.test(path));
  const known = new Set(paths);
  return paths.flatMap((path) => {
    const room = roomOf(path);
    if (room !== undefined && !(room in BELOW)) {
      return [{ file: path, line: 1, rule: `native/${room} is no room that the layers know` }];
    }
    return includes(readFileSync(`${root}/${path}`, 'utf8')).flatMap(({ name, line }) => {
      const rule = ruleBroken(path, name, known);
      return rule === undefined ? [] : [{ file: path, line, rule }];
    });
  });
}
