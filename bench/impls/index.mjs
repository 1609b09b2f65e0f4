// What is measured. An implementation is one entry:
//
//   name, about       what the table calls it, and what it is
//   measures          the cases that it can do, by name
//   open(cpus, open)  starts its two processes, each on its CPU (undefined: any), and resolves to a
//                     peer, or to a line that says why there is none; `open` is what a variant asks
//   version           of what is measured, a text or a function that gives it or promises it
//   ours              whether it is this library
//
// and a peer is `measure(name, options)`, which resolves to numbers as bench/cases says, and
// `close()`. A peer is kept over all rounds, as a program that serves is.
import { coroipc } from './coroipc.mjs';
import { floor } from './floor.mjs';
import { NATIVE_PEERS } from './native-peers.mjs';
import { nodePeers } from './node-peers.mjs';

export const IMPLS = [
  coroipc('native', 'this library, its own wire'),
  coroipc('classic', "this library, corosync's wire"),
  floor('spin', 'C++, shared memory, both sides awake', ['syncCall']),
  floor('sem', 'C++, two sem_t, both sides sleep', ['syncCall', 'wake']),
  floor('futex', 'C++, a futex that is rung only for a sleeper', ['syncCall', 'wake', 'paced']),
  floor('eventfd', 'C++, eventfd and epoll on both sides', ['syncCall', 'wake', 'paced']),
  floor('udsStream', 'C++, a stream socket, both sides block', ['syncCall', 'wake', 'paced']),
  floor('udsSeqpacket', 'C++, a socket of packets, both sides block', ['syncCall', 'wake']),
  ...NATIVE_PEERS,
  ...nodePeers,
];
