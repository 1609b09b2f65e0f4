// Values that the core must survive, whoever hands them over.

// They would begin servers and watches that live on, or end the client of the test, or the process, as they should.
const LEFT_OUT = new Set([
  ...['setup', 'serverOpen', 'watcherOpen', 'clientClose', 'clientConnect', 'uncaught'],
]);

/** Memory that is not what a Uint8Array over it once said. */
export function hostileMemory() {
  const detached = new Uint8Array(new ArrayBuffer(4096), 64, 1024);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shrinking = new ArrayBuffer(65536, { maxByteLength: 65536 });
  const cut = new Uint8Array(shrinking, 16384, 16384);
  const tracking = new Uint8Array(shrinking, 64);
  shrinking.resize(256);
  const growing = new ArrayBuffer(16, { maxByteLength: 65536 });
  const grown = new Uint8Array(growing);
  growing.resize(512);
  return {
    detached,
    cut,
    tracking,
    grown,
    shared: new Uint8Array(new SharedArrayBuffer(512), 128),
    clamped: new Uint8ClampedArray(512),
    empty: new Uint8Array(0),
  };
}

/** The functions of the core, and values for them by a number. */
export function hostileValues(native) {
  const functions = Object.entries(native)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([, call]) => call);
  const memory = Object.values(hostileMemory());
  const trap = new Proxy([], {
    get: () => {
      throw new Error('a trap');
    },
  });
  const pool = [
    ...[undefined, null, true, Number.NaN, 0, 1, 3, 2 ** 32 + 1, 2 ** 53, 1.5],
    ...['', 'text', Symbol('x'), 1n, {}, [], () => 0, new Date(), trap],
    ...[
      new DataView(new ArrayBuffer(8)),
      new Float64Array(8),
      new Int32Array(4),
      new ArrayBuffer(8),
    ],
    ...[memory, [new Uint8Array(20)], [1, 2], [trap], [[]], new Array(5), ...memory],
  ];
  const values = (client, number) => (number % 3 === 0 ? client : pool[(number * 7) % pool.length]);
  return { functions, values, memory: hostileMemory };
}
