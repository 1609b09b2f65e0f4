// What is measured on each implementation that can do it. A case is a module of one object:
//
//   name, about    what the table calls it, and what it is
//   placements     where it is measured, of bench/placement.mjs, where --placement says nothing else
//   variants       what is asked of a peer, a list: `variant` (its name; none is null), `payload`
//                  (bytes) and whatever else `measure(name, options)` takes. `placements` are its
//                  own, `oursAlone` asks nobody else, `open` is given to `open(cpus, open)`
//   effort         `warmMs` and `ms`, `quick` and `full`: how long a variant is measured in a round
//   quick          what is left of it with --quick: `variants` by their names, `impls` by theirs,
//                  `rounds`. A case that is named on the command line is measured whole
//   peer           'shared' (the default): the processes that all such cases have in common;
//                  'own': its own, over all rounds; 'fresh': new ones for every measurement
//   senseless      numbers that say nothing about this case
//
// A measurement gives numbers: p50Ns, p90Ns, p99Ns, p999Ns, maxNs, perSecond, cpuNsPerOp, as far as
// they make sense, and `more`, what only this case has; or a list of them, each with a `variant`; an
// empty list is of an implementation that cannot do this variant.
import { adapters } from './adapters.mjs';
import { allHot } from './all-hot.mjs';
import { connect } from './connect.mjs';
import { dispatch } from './dispatch.mjs';
import { fanOut } from './fan-out.mjs';
import { hotAmong1000 } from './hot-among-1000.mjs';
import { idle1000 } from './idle-1000.mjs';
import { paced } from './paced.mjs';
import { pipelined } from './pipelined.mjs';
import { syncCall } from './sync-call.mjs';
import { timer } from './timer.mjs';
import { wake } from './wake.mjs';
import { zcb } from './zcb.mjs';

const AGAINST_OTHERS = [syncCall, wake, pipelined, dispatch, fanOut, paced];
const OURS_ALONE = [zcb, hotAmong1000, allHot, connect, idle1000, timer, adapters];

export const CASES = [...AGAINST_OTHERS, ...OURS_ALONE];
