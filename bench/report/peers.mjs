// How the report shows each implementation: its name, its colour and its shape, the same in every
// picture. A hue is a family: ours vermilion, C and C++ libraries blue, Node's ways green and purple,
// bare loops grey. Twenty colours cannot all be told apart by everybody, so no picture relies on them:
// rows and lines carry their names, and within a family the shapes differ.

// name: [what it is called, family, colour on white, colour on black, shape]. `floor` is of bare programs
// in C++, with no library at all; `c` of libraries; `node` of what Node and its packages have.
const TABLE = {
  native: ['coroipc', 'ours', '#d1420a', '#ff7b47', 'circle'],
  classic: ['coroipc, classic', 'ours', '#b26a00', '#f0a63c', 'square'],
  libqbShm: ['libqb, shared memory (C)', 'c', '#0a5fa8', '#5aa9f0', 'circle'],
  libqbSocket: ['libqb, socket (C)', 'c', '#3f8fd2', '#8cc4f7', 'square'],
  iceoryxPoll: ['iceoryx, polling (C++)', 'c', '#3b4cc0', '#8b9cff', 'diamond'],
  iceoryxWait: ['iceoryx, wait set (C++)', 'c', '#6f7fe0', '#b0bbff', 'triangle-up'],
  zmqC: ['ZeroMQ (C)', 'c', '#007a99', '#4fc3dd', 'triangle-down'],
  zeromq: ['zeromq.js', 'node', '#00805a', '#3fcf9f', 'circle'],
  uds: ['node:net, Unix socket', 'node', '#4d7c0f', '#9ccc4f', 'square'],
  nodeIpc: ['node-ipc', 'node', '#80761a', '#cfc24a', 'diamond'],
  childJson: ['child_process, JSON', 'node', '#a3398f', '#e88ad6', 'triangle-up'],
  childAdvanced: ['child_process, advanced', 'node', '#c2659c', '#f5aad2', 'triangle-down'],
  messagePort: ['MessagePort (threads)', 'node', '#7a2456', '#d77fb0', 'cross'],
  atomics: ['Atomics.wait (threads)', 'node', '#7b52ab', '#bd9bea', 'circle'],
  spin: ['spin loop (C++)', 'floor', '#57606a', '#a8b1bb', 'circle'],
  sem: ['sem_t (C++)', 'floor', '#6b747d', '#98a1ab', 'square'],
  futex: ['futex (C++)', 'floor', '#747d86', '#88919b', 'diamond'],
  eventfd: ['eventfd and epoll (C++)', 'floor', '#4a525a', '#b9c1ca', 'triangle-up'],
  udsStream: ['Unix stream socket (C++)', 'floor', '#636c75', '#a0a9b3', 'triangle-down'],
  udsSeqpacket: ['Unix seqpacket socket (C++)', 'floor', '#68717b', '#909aa4', 'cross'],
};

const UNKNOWN = ['', 'other', '#5c5c3d', '#b8b890', 'square'];

/** How `impl` is shown; one that the table does not know keeps its own name. */
export function peerOf(impl) {
  const [label, family, colour, dark, shape] = TABLE[impl] ?? UNKNOWN;
  return { label: label || impl, family, colour, dark, shape, ours: family === 'ours' };
}

/** The colours of all peers, on white and on black. */
export const peerColours = () =>
  [...Object.values(TABLE), UNKNOWN].map(([, , light, dark]) => [light, dark]);
