// The outcome of a run: the JSON document, and the same for people. Every figure is one that a
// process measured and reported; a process that reported nothing has zeros for its counts and null
// for its times.

import { availableParallelism } from 'node:os';
import { grouped, micros } from './view.mjs';

/**
 * @typedef {{ role: string, figures?: Record<string, any> | undefined,
 *   death?: string | undefined }} Outcome
 * @typedef {ReturnType<typeof documentOf>} Document
 */

/**
 * @param {{ adapter: string, wire: string, seconds: number, interrupted: string | undefined,
 *   failures: string[], server?: Outcome | undefined, subscriber?: Outcome | undefined, caller?: Outcome | undefined }}
 *   run
 */
export function documentOf({
  adapter,
  wire,
  seconds,
  interrupted,
  failures,
  server,
  subscriber,
  caller,
}) {
  const all = [server, subscriber, caller].map((child) => child?.figures ?? {});
  const [served = {}, taken = {}, made = {}] = all;
  const errors = all.reduce((sum, { errors: count = 0 }) => sum + count, failures.length);
  return {
    adapter,
    wire,
    seconds: Math.round(seconds * 10) / 10,
    calls: made.calls ?? 0,
    callsPerSecond: perSecond(made.calls, made.seconds),
    callP50Us: made.p50Us ?? null,
    callP99Us: made.p99Us ?? null,
    callsByCommand: made.byCommand ?? {},
    dispatches: taken.dispatches ?? 0,
    dispatchesPerSecond: perSecond(taken.dispatches, taken.seconds),
    dispatchP50Us: taken.p50Us ?? null,
    dispatchP99Us: taken.p99Us ?? null,
    requestsServed: served.requests ?? 0,
    errors,
    ...(errors === 0
      ? {}
      : {
          errorMessages: [...failures, ...all.flatMap(({ errorMessages = [] }) => errorMessages)],
        }),
    ...(interrupted === undefined ? {} : { interrupted }),
    node: process.version,
    cpus: availableParallelism(),
  };
}

/**
 * How the children ended that should not have. A child that was killed, or fell, takes the others'
 * connections with it: what those say about it comes last.
 * @param {readonly (Outcome & { fatal?: string | undefined })[]} children
 * @returns {string[]}
 */
export function failuresOf(children) {
  const dead = children.filter(({ death }) => death !== undefined);
  return [
    ...dead.filter(({ fatal }) => fatal === undefined),
    ...dead.filter(({ fatal }) => fatal !== undefined),
  ].map(({ death }) => String(death));
}

/** @param {Document} document */
export function summaryOf(document) {
  const { adapter, wire, seconds, interrupted, errors } = document;
  const end = interrupted === undefined ? '' : `, ended by ${interrupted}`;
  return [
    `${seconds} s over shared memory (${adapter}, ${wire} wire)${end}`,
    `calls       ${grouped(document.calls)} (${grouped(document.callsPerSecond)}/s), ` +
      `p50 ${micros(document.callP50Us)}, p99 ${micros(document.callP99Us)}`,
    `dispatches  ${grouped(document.dispatches)} (${grouped(document.dispatchesPerSecond)}/s), ` +
      `p50 ${micros(document.dispatchP50Us)}, p99 ${micros(document.dispatchP99Us)}`,
    `errors      ${errors}`,
    ...(document.errorMessages ?? []).map((message) => `  ${message}`),
  ];
}

/**
 * @param {number | undefined} count
 * @param {number | undefined} seconds
 */
const perSecond = (count, seconds) =>
  count === undefined || !seconds ? 0 : Math.round((10 * count) / seconds) / 10;
