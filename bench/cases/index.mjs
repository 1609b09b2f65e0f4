// What is measured on each implementation that can do it. A case is a module of one object:
//
//   name, about    what the table calls it, and what it is
//   placements     where it is measured, of bench/placement.mjs
//   variants       what is asked of a peer, a list: `variant` (its name; none is null), `payload`
//                  (bytes) and whatever else `measure(name, options)` takes
//   effort         `warmMs` and `ms`, `quick` and `full`: how long a variant is measured in a round
//   rounds         `quick` and `full`, where they are not those of the run
//   peer           'shared' (the default): the processes that all such cases have in common;
//                  'own': its own, over all rounds; 'fresh': new ones in every round
//
// A measurement gives numbers: p50Ns, p90Ns, p99Ns, perSecond, cpuNsPerOp, as far as they make
// sense, and `more`, what only this case has; or a list of them, each with a `variant`; an empty list
// is of an implementation that cannot do this yet.
import { dispatch } from './dispatch.mjs';
import { hotAmong1000 } from './hot-among-1000.mjs';
import { idle1000 } from './idle-1000.mjs';
import { pipelined } from './pipelined.mjs';
import { syncCall } from './sync-call.mjs';
import { timer } from './timer.mjs';
import { wake } from './wake.mjs';
import { zcb } from './zcb.mjs';

export const CASES = [syncCall, wake, pipelined, dispatch, hotAmong1000, idle1000, timer, zcb];
