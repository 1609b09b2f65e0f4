// The measurements that a client can make, by the name of their case. Each is
// `measure({ client, connect }, options)` and resolves to numbers, as bench/cases says.
import { dispatch } from './dispatch.mjs';
import { hotAmong1000 } from './hot.mjs';
import { idle1000 } from './idle.mjs';
import { pipelined } from './pipelined.mjs';
import { syncCall, wake } from './sync-call.mjs';
import { timer } from './timer.mjs';
import { zcb } from './zcb.mjs';

export const MEASURES = { syncCall, wake, pipelined, dispatch, hotAmong1000, idle1000, timer, zcb };
