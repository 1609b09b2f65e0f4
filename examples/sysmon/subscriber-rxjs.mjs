// The subscriber process, written with operators: the same as subscriber.mjs, and shown the same
// way, but for what a window of time averages.
//
//   node subscriber-rxjs.mjs <socket name> <adapter> <wire> <seconds> <show|quiet>
//
// It is started by main.mjs.

import { connect, dispatches } from '@coroipc/adapter-rxjs';
import * as rx from 'rxjs';
import { makeAdapter } from './adapters.mjs';
import { Display, outputBroken } from './display.mjs';
import { live, tell } from './lifetime.mjs';
import { Measures } from './measures.mjs';
import { decodeTick, NETWORK, PROCESSES, SAMPLES, TICK, wireOf } from './protocol.mjs';

const [name = '', adapter, wire, seconds, show] = process.argv.slice(2);

const measures = new Measures();

/**
 * @typedef {import('@coroipc/core').DispatchMessage} DispatchMessage
 * @typedef {import('./protocol.mjs').Tick} Tick
 * @typedef {{ before: Tick | undefined, tick: Tick | undefined }} Load
 */

await live(async (stop) => {
  const display = show === 'show' ? new Display() : undefined;
  const client$ = connect({
    name,
    service: SAMPLES,
    adapter: await makeAdapter(adapter),
    wire: wireOf(wire),
  });
  const frames$ = client$.pipe(
    rx.tap(() => {
      measures.start();
      void tell({ ready: true });
    }),
    rx.switchMap((client) => framesOf(client, display?.periodMs ?? 1000)),
    rx.tap((frame) => display?.show(frame)),
    rx.takeUntil(rx.fromEvent(stop, 'abort')),
    rx.finalize(() => measures.end()),
  );
  try {
    // Either fails when there is nobody left to speak to: the server, or the reader of the output.
    await rx.lastValueFrom(rx.race(frames$.pipe(rx.ignoreElements()), rx.from(outputBroken())), {
      defaultValue: undefined,
    });
  } finally {
    display?.close();
    await tell({ figures: measures.figures() });
  }
});

/**
 * What is shown, once a window: the load in it, joined with the latest of everything else.
 * @param {import('@coroipc/core').IpcClient} client
 * @param {number} windowMs
 * @returns {rx.Observable<import('./view.mjs').Known>}
 */
function framesOf(client, windowMs) {
  const messages$ = dispatches(client).pipe(
    rx.tap(() => measures.count()),
    rx.share(),
  );
  const ticks$ = messages$.pipe(topic(TICK, tickOf));
  const network$ = messages$.pipe(topic(NETWORK, jsonOf), rx.startWith(undefined));
  const processes$ = messages$.pipe(topic(PROCESSES, jsonOf), rx.startWith(undefined));

  return loadOf(ticks$, windowMs).pipe(
    rx.withLatestFrom(network$, processes$, calls$()),
    rx.map(([load, network, processes, calls]) => ({
      wire: client.wire,
      ...load,
      network,
      processes,
      calls,
      ...measures.shown(),
      plannedSeconds: Number(seconds),
    })),
  );
}

/**
 * A windowed average: the use of the processors is what happened between the last tick of one
 * window and that of the next; the memory is the mean of the window's ticks.
 * @param {rx.Observable<Tick>} ticks$
 * @param {number} windowMs
 */
function loadOf(ticks$, windowMs) {
  const nothing = /** @type {Load} */ ({ before: undefined, tick: undefined });
  return ticks$.pipe(
    rx.bufferTime(windowMs),
    rx.filter((ticks) => ticks.length > 0),
    rx.scan((load, ticks) => {
      const last = /** @type {Tick} */ (ticks.at(-1));
      const availableBytes = ticks.reduce((sum, tick) => sum + tick.availableBytes, 0);
      return {
        before: load.tick ?? ticks[0],
        tick: { ...last, availableBytes: availableBytes / ticks.length },
      };
    }, nothing),
  );
}

/**
 * The messages of one id, decoded. One that cannot be is a fault, and the stream goes on.
 * @template Value
 * @param {number} wanted
 * @param {(payload: Buffer) => Value} decode
 * @returns {rx.OperatorFunction<DispatchMessage, Value>}
 */
function topic(wanted, decode) {
  return rx.pipe(
    rx.filter(({ id }) => id === wanted),
    rx.mergeMap(({ payload }) => {
      try {
        return rx.of(decode(payload));
      } catch (error) {
        measures.fault(error);
        return rx.EMPTY;
      }
    }),
  );
}

/** @param {Buffer} payload */
function tickOf(payload) {
  const tick = decodeTick(payload);
  measures.tick(tick);
  return tick;
}

/** @param {Buffer} payload */
function jsonOf(payload) {
  return JSON.parse(payload.toString());
}

/** The caller's figures, as the parent passes them on. */
function calls$() {
  /** @param {{ calls?: import('./view.mjs').Calls }} message */
  const callsIn = ({ calls }) => calls;
  return rx.fromEvent(process, 'message', callsIn).pipe(
    rx.filter((calls) => calls !== undefined),
    rx.startWith(undefined),
  );
}
