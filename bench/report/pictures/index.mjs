// The pictures, by the names of their files. A picture is a function from a result to what is drawn:
// `{ spec, about, rows }`, `rows` those that are in it; undefined where the result has none for it.
import { adapters } from './adapters.mjs';
import { connections } from './connections.mjs';
import { latencyByPlacement } from './latency-by-placement.mjs';
import { paced } from './paced.mjs';
import { pipelined } from './pipelined.mjs';
import { syncCall, wake } from './sync-call.mjs';
import { throughput } from './throughput.mjs';

export const PICTURES = {
  'sync-call': syncCall,
  'latency-by-placement': latencyByPlacement,
  wake,
  throughput,
  paced,
  connections,
  pipelined,
  adapters,
};
