// The packages as npm would publish them, unpacked beside nothing but what they depend on: they are whole,
// their types hold in a strict program, and it runs.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['core', 'adapter-libuv', 'adapter-epoll', 'adapter-rxjs'];
const DEPENDENCIES = ['eventemitter3', 'rxjs', 'tslib', '@types', 'undici-types'];

const PROGRAM = `
import { EpollLoop, epollPoll } from '@coroipc/adapter-epoll';
import { libuvPoll } from '@coroipc/adapter-libuv';
import { call, connect, serve } from '@coroipc/adapter-rxjs';
import { CoroIpcError, CS, coroipcc, coroipcs, IpcClient, IpcServer, type PollAdapter } from '@coroipc/core';
import { checkFunction, pollHandle } from '@coroipc/core/adapter';
import { pollConformance, turnedPoll } from '@coroipc/core/testing';
import { firstValueFrom, mergeMap } from 'rxjs';

const answers: string[] = [];
const adapters: readonly (PollAdapter | undefined)[] = [undefined, libuvPoll(), epollPoll()];
for (const [index, adapter] of adapters.entries()) {
  const name = \`coroipc-packages-\${process.pid}-\${index}\`;
  const server = new IpcServer({ name, adapter });
  server.service(1, { requests: { 1: ({ payload }) => \`\${payload}!\` } });
  await server.listen();
  const client = await IpcClient.connect({ name, service: 1, adapter });
  answers.push(String(await client.call(1, 'hello')));
  await client.close();
  const again = connect({ name, service: 1 }).pipe(mergeMap((each) => call(each, 1, 'rx')));
  answers.push(String(await firstValueFrom(again)));
  await server.close();
}
try {
  await IpcClient.connect({ name: 'coroipc-packages-nobody', service: 1 });
} catch (error) {
  if (CoroIpcError.is(error, CS.ERR_TRY_AGAIN)) answers.push('nobody');
}
try {
  checkFunction('one', 1);
} catch (error) {
  answers.push(error instanceof TypeError ? 'checked' : String(error));
}
const rest = [EpollLoop, serve, coroipcc.serviceConnect, coroipcs.ipcInit, pollHandle, pollConformance, turnedPoll];
answers.push(rest.map((each) => typeof each).join());
console.log(JSON.stringify(answers));
`;

let home: string;
const unpacked = (name: string): string => join(home, 'node_modules/@coroipc', name);

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: home, encoding: 'utf8' });
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'coroipc-packages-'));
  for (const name of PACKAGES) {
    mkdirSync(unpacked(name), { recursive: true });
    const [packed] = JSON.parse(run('npm', 'pack', join(ROOT, 'packages', name), '--json'));
    run('tar', 'xzf', packed.filename, '--strip-components=1', '-C', unpacked(name));
  }
  for (const name of DEPENDENCIES) {
    symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name));
  }
});

afterAll(() => rmSync(home, { recursive: true }));

describe.each(PACKAGES)('%s', (name) => {
  const files = () => readdirSync(unpacked(name), { recursive: true }).map(String);

  it('has a README, a licence, and no test', () => {
    expect(files()).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
    expect(files().filter((file) => /\.test\./.test(file))).toEqual([]);
  });

  it('has all that its maps tell of', () => {
    const maps = files().filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(2);
    for (const map of maps.map((file) => join(unpacked(name), file))) {
      const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] };
      const lost = sources.filter((source) => !existsSync(resolve(dirname(map), source)));
      expect(lost, map).toEqual([]);
    }
  });

  it('shows its program in a few files, which start fast', () => {
    const { exports } = JSON.parse(readFileSync(join(unpacked(name), 'package.json'), 'utf8'));
    const ways = Object.keys(exports).filter((way) => !way.endsWith('.json'));
    const programs = files().filter((file) => file.endsWith('.js'));
    expect(programs.length).toBeLessThanOrEqual(2 * ways.length);
  });
});

it.each(['nodenext', 'bundler'])(
  'a strict program has their types (%s), and runs',
  (resolution) => {
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(home, 'program.ts'), PROGRAM);
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, verbatimModuleSyntax: true },
      ...{ target: 'es2022', module, moduleResolution: resolution, types: ['node'] },
    };
    writeFileSync(
      join(home, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    );
    run(process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', home);
    const answers = JSON.parse(run(process.execPath, 'program.js'));
    const served = Array.from({ length: 3 }, () => ['hello!', 'rx!']).flat();
    expect(answers).toEqual([...served, 'nobody', 'checked', Array(7).fill('function').join()]);
  },
);
