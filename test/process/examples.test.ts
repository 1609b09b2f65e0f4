// The examples as people run them: both sides in processes of their own, their output and how they
// end. (examples/sysmon has a file of its own.)

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshName } from './child.js';
import { eventually, expectNoneLeft, sharedFiles } from './machine.js';

class Example {
  out = '';
  errors = '';
  readonly process: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(script: string, ...args: string[]) {
    const path = fileURLToPath(new URL(`../../examples/${script}`, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.process = child;
    this.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => resolve(signal ?? code));
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  /** Waits until it has printed this. */
  async says(text: string): Promise<void> {
    await eventually(() => {
      const ended = this.process.exitCode !== null;
      if (ended && !this.out.includes(text)) expect(this.errors).toBe('');
      expect(this.out).toContain(text);
    });
  }

  async endsWith(outcome: number): Promise<void> {
    expect({ outcome: await this.ended, errors: this.errors }).toEqual({ outcome, errors: '' });
  }
}

describe('examples/c-style', () => {
  const COUNTED = [1, 2, 3, 4, 5].map((number) => `dispatch message ${number}\n`).join('');

  test('a server driven by hand serves clients that block, one after the other', async () => {
    const before = sharedFiles();
    const name = freshName();
    const server = new Example('c-style/server.mjs', name);
    await server.says('listening');
    for (const args of [[name], [name], ['--stop', name]]) {
      const client = new Example('c-style/client.mjs', ...args);
      await client.endsWith(0);
      expect(client.out).toBe(`Hello, shared memory!\n${COUNTED}`);
    }
    await server.endsWith(0);
    const visit = 'connected\ndisconnected after 2 calls\n';
    expect(server.out).toBe(
      `listening\n${visit}${visit}connected\ndisconnected after 3 calls\nclosed\n`,
    );
    await expectNoneLeft(before);
  });

  test('it serves on when a client is killed, and the table forgets its descriptor', async () => {
    const before = sharedFiles();
    const name = freshName();
    const server = new Example('c-style/server.mjs', name);
    await server.says('listening');
    const client = new Example('c-style/client.mjs', name);
    await server.says('connected');
    client.process.kill('SIGKILL');
    await server.says('disconnected');
    const last = new Example('c-style/client.mjs', '--stop', name);
    await last.endsWith(0);
    await server.endsWith(0);
    expect(server.out.match(/^connected$/gm)).toHaveLength(2);
    expect(server.out.match(/^disconnected/gm)).toHaveLength(2);
    await expectNoneLeft(before);
  });
});

describe('examples/custom-loop', () => {
  test('a server and its clients run on a loop over poll(2)', async () => {
    const before = sharedFiles();
    const name = freshName();
    const server = new Example('custom-loop/server.mjs', name);
    await server.says('listening');
    const clients = [1, 2].map(() => new Example('custom-loop/client.mjs', name));
    for (const client of clients) {
      await client.endsWith(0);
      const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\n';
      expect(client.out).toMatch(new RegExp(`^it is ${time}(tick ${time}){3}$`));
    }
    server.process.kill('SIGINT');
    await server.endsWith(0);
    expect(server.out).toBe('listening\nclosed\n');
    await expectNoneLeft(before);
  });
});
