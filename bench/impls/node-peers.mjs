// What people use from Node today, as implementations: each set up as its own documentation advises
// for speed, said at the top of its module in bench/peers/node/transports, and all measured by one
// caller harness. Two processes each, or two threads of one where that is what it is for.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../process.mjs';

const at = (file) => fileURLToPath(new URL(`../peers/node/${file}`, import.meta.url));
const manifestOf = (name) => at(`node_modules/${name}/package.json`);

const starts = (program, transport, settings, cpu) =>
  start(at(program), [transport, JSON.stringify(settings)], cpu);

const peerOf = (caller, close) => ({
  measure: (measure, options) => caller.ask({ measure, options }),
  close,
});

/** Two processes that meet at a path. */
function overPath(transport) {
  return async (cpus) => {
    const folder = mkdtempSync(join(tmpdir(), 'coroipc-bench-'));
    const settings = { address: join(folder, 'socket') };
    const server = await starts('server.mjs', transport, settings, cpus.server);
    const end = async () => {
      await server.end();
      rmSync(folder, { recursive: true });
    };
    try {
      const caller = await starts('caller.mjs', transport, settings, cpus.caller);
      return peerOf(caller, async () => {
        await caller.end();
        await end();
      });
    } catch (error) {
      await end();
      throw error;
    }
  };
}

/** A process and its child. The child ends by itself when its parent is gone. */
function parentAndChild(serialization) {
  return async (cpus) => {
    const settings = { serialization, cpu: cpus.server };
    const caller = await starts('caller.mjs', 'child', settings, cpus.caller);
    return peerOf(caller, () => caller.end());
  };
}

/** Two threads. Each pins itself; the threads that only help Node run where they like. */
function twoThreads(transport) {
  return async (cpus) => {
    const caller = await starts('caller.mjs', transport, { cpus });
    return peerOf(caller, () => caller.end());
  };
}

const ofNode = (name, about, measures, open) => ({
  name,
  about,
  measures,
  version: `Node ${process.versions.node}`,
  open,
});

/** A package of bench/peers/node/package.json: there is none until it is installed. */
export const ofPackage = (name, about, measures, packageName, open) => ({
  name,
  about,
  measures,
  version: () => JSON.parse(readFileSync(manifestOf(packageName), 'utf8')).version,
  async open(cpus) {
    if (!existsSync(manifestOf(packageName))) {
      return `the package ${packageName} is not installed: npm run bench -- --install-peers`;
    }
    return open(cpus);
  },
});

const CALLS = ['syncCall', 'wake', 'pipelined', 'paced'];
const TO_ONE = [...CALLS, 'dispatch'];
const ALL = [...TO_ONE, 'fanOut'];

export const nodePeers = [
  ofPackage('zeromq', 'zeromq.js, ipc://', ALL, 'zeromq', overPath('zeromq')),
  ofNode('uds', "Node's net, a Unix socket and lengths", ALL, overPath('uds')),
  ofNode('childJson', 'fork, messages as JSON', TO_ONE, parentAndChild('json')),
  ofNode('childAdvanced', 'fork, structured clones', TO_ONE, parentAndChild('advanced')),
  ofNode('messagePort', 'two threads, MessagePort', ALL, twoThreads('message-port')),
  // One slot: there is nothing to have several calls in flight with, and one reader a ring.
  ofNode(
    'atomics',
    'two threads, shared memory and Atomics by hand',
    ['syncCall', 'wake', 'dispatch', 'paced'],
    twoThreads('atomics'),
  ),
  ofPackage('nodeIpc', 'node-ipc 9, a Unix socket', ALL, 'node-ipc', overPath('node-ipc')),
];
