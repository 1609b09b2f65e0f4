// Log scales: where they begin and end, and what is written on them.

/** From a little below the least to a little above the most of `values`; at least a factor of 4. */
export function logDomain(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(1.35, Math.sqrt(4 / (most / least)));
  return [least / room, most * room];
}

/**
 * At most `most` round numbers within a domain: powers of ten, with twos and fives where there is room
 * for them, or of every second, third… decade where there is none.
 */
export function logTicks(domain, most = 8) {
  for (const [steps, decades] of STEPS) {
    const ticks = ticksOf(domain, steps, decades);
    if (ticks.length <= most) return ticks;
  }
  return ticksOf(domain, [1], STEPS.length);
}

const STEPS = [
  [[1, 2, 3, 5, 7], 1],
  [[1, 2, 5], 1],
  [[1, 3], 1],
  ...[1, 2, 3, 4, 5, 6].map((decades) => [[1], decades]),
];

function ticksOf([least, most], steps, decades) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power += 1) {
    if (power % decades !== 0) continue;
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(12)));
  }
  return ticks.filter((tick) => tick >= least && tick <= most);
}

/** Where a value stands on a log scale of `length` pixels, and the value that stands at a place. */
export function logScale([least, most], length) {
  const decades = Math.log(most / least);
  return {
    placeOf: (value) => (length * Math.log(value / least)) / decades,
    valueAt: (place) => least * Math.exp((place / length) * decades),
  };
}
