import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeViolations } from './layers/native.mjs';
import { typescriptViolations } from './layers/typescript.mjs';

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'layers-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function plant(tree) {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const told = (violations) => violations.map(({ file, line, rule }) => `${file}:${line}: ${rule}`);

describe('the layers of native/', () => {
  const rooms = {
    'native/status.gen.h': '',
    'native/sys/fd.h': '',
    'native/ring/ring.h': '#include "sys/fd.h"\n',
    'native/wire/classic/layout.h': '#include "../../ring/ring.h"\n#include "status.gen.h"\n',
    'native/server/server.h': '#include "wire/classic/layout.h"\n',
    'native/client/client.h': '#include "wire/classic/layout.h"\n',
    'native/js/addon.h':
      '#include <napi.h>\n#include "server/server.h"\n#include "client/client.h"\n',
    'native/libuv/poll.h': '#include <napi.h>\n#include <uv.h>\n#include "sys/fd.h"\n',
    'native/epoll/addon.cc': '#include <napi.h>\n#include "sys/fd.h"\n',
    'native/epoll/epoll_set.h': '#include "sys/fd.h"\n',
    'native/test/epoll_test.cc': '#include "epoll/epoll_set.h"\n',
    'native/test/descriptors.cc': '#include <node_api.h>\n',
    'native/test/ends.cc': '#include <napi.h>\n',
    'native/test/ring_test.cc': '#include "ring/ring.h"\n#include "test/test.h"\n',
    'native/test/test.h': '',
    'native/fuzz/peer.h': '#include "server/server.h"\n#include "client/client.h"\n',
  };

  it('lets downward includes be', () => {
    plant(rooms);
    expect(told(nativeViolations(root))).toEqual([]);
  });

  it.each([
    ['native/sys/up.h', '\n#include "ring/ring.h"\n', 'native/sys/up.h:2: native/sys includes'],
    ['native/ring/up.h', '#include "../wire/classic/layout.h"\n', 'native/ring includes'],
    ['native/wire/up.h', '#include "server/server.h"\n', 'native/wire includes'],
    ['native/server/side.cc', '#include "client/client.h"\n', 'native/server includes'],
    ['native/client/side.cc', '#include "server/server.h"\n', 'native/client includes'],
    ['native/server/js.cc', '#include "js/addon.h"\n', 'native/server includes'],
    ['native/js/loop.cc', '#include "libuv/poll.h"\n', 'native/js includes'],
    ['native/libuv/far.cc', '#include "wire/classic/layout.h"\n', 'native/libuv includes'],
    ['native/epoll/far.cc', '#include "js/addon.h"\n', 'native/epoll includes'],
    ['native/epoll/uv.cc', '#include <uv.h>\n', 'only native/libuv includes uv.h'],
    ['native/client/test.cc', '#include "test/test.h"\n', 'native/client includes'],
    ['native/fuzz/far.cc', '#include "epoll/epoll_set.h"\n', 'native/fuzz includes'],
    ['native/server/napi.cc', '#  include <napi.h>\n', 'include napi.h'],
    ['native/test/x_test.cc', '#include "node_api.h"\n', 'include node_api.h'],
    ['native/js/uv.cc', '#include <uv.h>\n', 'only native/libuv includes uv.h'],
    ['native/shed/a.h', '', 'native/shed is no room'],
    ['native/everyone.h', '#include "sys/fd.h"\n', 'includes none of them'],
  ])('tells of %s', (path, text, rule) => {
    plant({ ...rooms, [path]: text });
    const lines = told(nativeViolations(root));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(path);
    expect(lines[0]).toContain(rule);
  });
});

describe('the layers of packages/', () => {
  const core = 'packages/core/src';
  const modules = {
    [`${core}/status.ts`]: 'export const CS = {};\n',
    [`${core}/errors.ts`]: "import { CS } from './status.js';\nexport const e = CS;\n",
    [`${core}/poll/contract.ts`]: 'export interface PollAdapter {}\n',
    [`${core}/poll/thread-poll.ts`]: "export type { PollAdapter } from './contract.js';\n",
    [`${core}/server-engine/engine.ts`]: "import { e } from '../errors.js';\nexport const s = e;\n",
    [`${core}/served-names.ts`]: 'export const names = [];\n',
    [`${core}/coroipcs/init.ts`]:
      "import { s } from '../server-engine/engine.js';\nexport const i = s;\n",
    [`${core}/coroipcc.ts`]: "import { e } from './errors.js';\nexport const c = e;\n",
    [`${core}/server/server.ts`]:
      "import { s } from '../server-engine/engine.js';\nexport const S = s;\n",
    [`${core}/client/client.ts`]:
      "import { names } from '../served-names.js';\nexport const C = names;\n",
    [`${core}/testing/index.ts`]: "import type { PollAdapter } from '../poll/contract.js';\n",
    [`${core}/index.ts`]:
      "export * from './server/server.js';\nexport * from './client/client.js';\n",
    'packages/adapter-own/src/index.ts':
      "import { IpcServer } from '@coroipc/core';\nimport '@coroipc/core/adapter';\n",
    [`${core}/adapter.ts`]: "export * from './poll/contract.js';\n",
  };

  it('lets downward imports be, and tests import what they like', () => {
    plant({
      ...modules,
      [`${core}/errors.test.ts`]: "import { x } from './testing/index.js';\n",
    });
    expect(told(typescriptViolations(root))).toEqual([]);
  });

  it.each([
    [`${core}/messages.ts`, "\nimport { s } from './coroipcs/init.js';\n", 'messages.ts:2: the gr'],
    [
      `${core}/native.ts`,
      "import type { P } from './poll/thread-poll.js';\n",
      'what both sides use',
    ],
    [
      `${core}/server-engine/host.ts`,
      "import { S } from '../server/server.js';\n",
      'the faces above it',
    ],
    [`${core}/coroipcs/a.ts`, "import { S } from '../server/server.js';\n", 'do not import each'],
    [`${core}/coroipcs/b.ts`, "import { c } from '../coroipcc.js';\n", 'do not import each other'],
    [`${core}/client/b.ts`, "export { S } from '../server/server.js';\n", 'do not import each'],
    [
      `${core}/client-engine/engine.ts`,
      "import { s } from '../server-engine/engine.js';\n",
      'sides of the engines',
    ],
    [`${core}/server/b.ts`, "const x = await import('../index.js');\n", 'the front door'],
    [`${core}/server/c.ts`, "import '../testing/index.js';\n", 'nobody imports testing'],
    [`${core}/testing/b.ts`, "import { S } from '../server/server.js';\n", 'testing imports the'],
    [
      `${core}/server/d.ts`,
      "import { l } from '@coroipc/adapter-own';\n",
      'never imports an adapter',
    ],
    [
      `${core}/server/e.ts`,
      "import x from '../../package.js';\n",
      "stays inside its package's src/",
    ],
    [`${core}/shed.ts`, 'export {};\n', 'has no floor'],
    [
      'packages/adapter-own/src/a.ts',
      "import '@coroipc/core/testing';\n",
      'and nothing else of ours',
    ],
    ['packages/adapter-own/src/b.ts', "import '@coroipc/adapter-b';\n", 'and nothing else of ours'],
    ['packages/adapter-own/src/c.ts', "import '../../core/src/index.js';\n", 'stays inside its'],
  ])('tells of %s', (path, text, rule) => {
    plant({ ...modules, [path]: text });
    const lines = told(typescriptViolations(root));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(path);
    expect(lines[0]).toContain(rule);
  });

  it('tells of a circle once, with its way', () => {
    plant({
      ...modules,
      [`${core}/server/a.ts`]: "import './b.js';\n",
      [`${core}/server/b.ts`]: "import './c.js';\n",
      [`${core}/server/c.ts`]: "\nimport './a.js';\n",
    });
    expect(told(typescriptViolations(root))).toEqual([
      `${core}/server/c.ts:2: imports go in a circle: server/a -> server/b -> server/c -> server/a`,
    ]);
  });
});
