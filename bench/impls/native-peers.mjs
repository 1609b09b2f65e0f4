// What others use between two processes, in C and C++: two processes of a program of bench/peers, which
// lives for one measurement and leaves nothing. What is not installed is not measured.
import { run } from '../../scripts/run.mjs';
import { buildPeer, lackOf, PROGRAMS } from '../peers/programs.mjs';

const LIMIT_MS = 60_000;

const CALLS = ['syncCall', 'wake', 'pipelined', 'paced'];
const STREAMS = ['dispatch', 'fanOut'];

// What a program takes of what a case asks for; how long and how much, by the same names.
const ASKED = ['warmMs', 'ms', 'payload', 'pauseUs', 'rate', 'inFlight', 'subscribers'];

async function ask(path, what, words) {
  const options = { out: 'text', errors: 'text', limitMs: LIMIT_MS };
  const { code, out, errors, late } = await run(path, words, options);
  if (late) throw new Error(`${what} was not done after ${LIMIT_MS / 1000} seconds`);
  if (code !== 0) throw new Error(`${what} ended with code ${code}: ${errors.trim()}`);
  return JSON.parse(out);
}

function peer(name, about, program, way) {
  const { daemon = async () => async () => {} } = PROGRAMS[program];
  return {
    name,
    about,
    measures: [...CALLS, ...STREAMS],
    async version() {
      if ((await lackOf(PROGRAMS[program])) !== undefined) return undefined;
      return (await ask(await buildPeer(program), name, ['measure=version'])).version;
    },
    async open(cpus) {
      const lack = await lackOf(PROGRAMS[program]);
      if (lack !== undefined) return lack;
      const path = await buildPeer(program);
      const release = await daemon();
      if (typeof release === 'string') return release;
      return {
        measure(measure, options) {
          const asked = ASKED.filter((word) => options[word] !== undefined);
          const words = asked.map((word) => `${word}=${options[word]}`);
          const where = [`callerCpu=${cpus.caller ?? -1}`, `serverCpu=${cpus.server ?? -1}`];
          const all = [`measure=${measure}`, `way=${way}`, ...words, ...where];
          return ask(path, `${measure} of ${name}`, all);
        },
        close: release,
      };
    },
  };
}

export const NATIVE_PEERS = [
  peer('libqbShm', "corosync's libqb, rings in shared memory", 'libqb', 'shm'),
  peer('libqbSocket', "corosync's libqb, datagram sockets", 'libqb', 'socket'),
  peer('iceoryxPoll', 'iceoryx in C++, both sides look again and again', 'iceoryx', 'poll'),
  peer('iceoryxWait', 'iceoryx in C++, both sides sleep in a WaitSet', 'iceoryx', 'wait'),
  peer('zmqC', 'ZeroMQ in C, ipc sockets', 'zmq-c', 'ipc'),
];
