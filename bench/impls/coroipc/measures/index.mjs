// The measurements that a client can make, by the name of their case. Each is
// `measure({ client, connect }, options)` and resolves to numbers, as bench/cases says.
import { adapters } from './adapters.mjs';
import { connect } from './connect.mjs';
import { dispatch } from './dispatch.mjs';
import { fanOut } from './fan-out.mjs';
import { allHot, hotAmong1000 } from './hot.mjs';
import { idle1000 } from './idle.mjs';
import { paced } from './paced.mjs';
import { pipelined } from './pipelined.mjs';
import { syncCall, wake } from './sync-call.mjs';
import { timer } from './timer.mjs';
import { zcb } from './zcb.mjs';

const AGAINST_OTHERS = { syncCall, wake, pipelined, dispatch, fanOut, paced };
const OURS_ALONE = { zcb, hotAmong1000, allHot, connect, idle1000, timer, adapters };

export const MEASURES = { ...AGAINST_OTHERS, ...OURS_ALONE };
