// What pictures say of how they came about.
import { roundsTold } from '../choose.mjs';
import { peerOf } from '../peers.mjs';

/** What a placement is called. */
export const PLACEMENTS = {
  split: 'a CPU each',
  one: 'one CPU for both',
  free: "the kernel's choice",
};

/** How the numbers of `rows` were made, and on what: two lines. */
export function methodOf({ machine = {} }, rows, chosen) {
  const { cpu, processors, kernel, node } = machine;
  const where = [
    cpu && `${cpu}${processors ? `, ${processors} CPUs` : ''}`,
    kernel && `Linux ${kernel}`,
    node && `Node ${node}`,
  ];
  const floors = rows.some(({ impl }) => peerOf(impl).family === 'floor');
  return [
    [
      chosen,
      roundsTold(rows),
      floors && 'grey: bare programs in C++, what the machine can do at all',
    ],
    where,
  ].map((told) => told.filter(Boolean).join(' · '));
}
