// What is left of a crowd's run: a picture and all its numbers as files, and lines for who waits.
import { mkdirSync, writeFileSync } from 'node:fs';
import { at } from '../../../scripts/run.mjs';
import { picture } from './picture.mjs';
import { FAULTS } from './sequence.mjs';

const FOLDER = 'build/soak';
const MIB = 2 ** 20;

const count = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');
const mib = (bytes) => (bytes / MIB).toFixed(1);

/** One look at the server, as it goes. */
export const sampleLine = ({ seconds, resident, descriptors, connections, messages }) =>
  [
    `${seconds.toFixed(0)} s: ${mib(resident)} MiB resident, ${descriptors} descriptors`,
    `${connections} connections, ${count(messages)} messages a second`,
  ].join(', ');

function memoryLine(name, { mean, perHour, judged }) {
  const how = judged ? '' : ' (too short a run to be judged)';
  return `${name} memory, second half: ${mib(mean)} MiB, slope ${mib(perHour)} MiB an hour${how}`;
}

const heldLine = (name, { descriptors, mappings, threads }) =>
  `${name}: ${descriptors} descriptors, ${mappings} shared mappings, ${threads} threads`;

/** What is to be read of a run, last the verdict. */
export function lines(result) {
  const { crowd, kills, stops, serverDeaths, visits } = result;
  const nonsense = visits.flatMap(Object.values).reduce((sum, times) => sum + times, 0);
  const retries = Object.entries(crowd.retries).map(([code, times]) => `${times} ${code}`);
  const wrong = FAULTS.map((name) => {
    const words = { outOfOrder: 'out of order' };
    return `${crowd.wrong[name] + result.servers.wrong[name]} ${words[name] ?? name}`;
  });
  return [
    `${count(crowd.messages)} messages over ${result.clients} connections at a time, ` +
      `in ${result.processes} processes`,
    `${kills} client processes killed, ${stops} stopped; ${serverDeaths} servers killed; ` +
      `${nonsense} hostile visits`,
    `connections: ${crowd.lived} lived and were judged, ${crowd.left} were left with calls under ` +
      `way, ${crowd.bereft} lost their server; ${result.server.connectionsTotal} made at the steady one`,
    `connects tried again: ${retries.join(', ') || 'none'}`,
    memoryLine('resident', result.resident),
    memoryLine('anonymous', result.anonymous),
    heldLine('held before the first', result.before),
    heldLine('held after the last', result.after),
    ...result.problems.map((problem) => `WRONG: ${problem}`),
    `${wrong.join(', ')}; ${result.problems.length} problems`,
  ];
}

/** Writes the files, and says where. */
export async function write(result) {
  mkdirSync(at(FOLDER), { recursive: true });
  writeFileSync(at(`${FOLDER}/crowd.json`), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(at(`${FOLDER}/crowd.svg`), await picture(result));
  return `${FOLDER}/crowd.svg and crowd.json`;
}
