// How much to ask for, where a measurement is told a number and not a time.
const GROWTH = 4;

/**
 * How many take about `ms`. `receive` resolves to the milliseconds that so many took; it is asked for more and
 * more, `first` to begin with, until it is warm and has taken long enough to tell.
 */
export async function countFor(receive, first, { warmMs, ms }) {
  let count = first;
  let took = await receive(count);
  while (took < Math.max(warmMs, ms / GROWTH)) {
    count *= GROWTH;
    took = await receive(count);
  }
  return Math.max(1, Math.ceil((count * ms) / took));
}
