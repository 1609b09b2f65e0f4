import type { Fault } from './faults.mjs';

export const hostFaults: Readonly<Record<string, Fault>>;
