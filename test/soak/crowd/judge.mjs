// What a crowd's run is held against: nothing wrong on any connection, nothing broken, no process that
// ended by itself, nothing held that was not held before, memory that does not grow.
import { FAULTS } from './sequence.mjs';

/** A shorter run is all warm-up: its slope is told, and not judged. */
const JUDGED_SECONDS = 240;
/** Growth over the second half of the run, as a share of what there is. */
const MOST_GROWTH = 0.1;

/** The slope of `y` over `x`, by least squares; 0 of less than two points. */
export function slope(points) {
  const count = points.length;
  if (count < 2) return 0;
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / count;
  const [middleX, middleY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = points.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0);
  const common = points.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0);
  return spread === 0 ? 0 : common / spread;
}

/** How memory went over the second half: bytes an hour, its mean, and whether that is growth. */
export function growth(samples, name) {
  const seconds = samples.at(-1)?.seconds ?? 0;
  const points = samples
    .filter((sample) => sample.seconds >= seconds / 2)
    .map((sample) => ({ x: sample.seconds, y: sample[name] }));
  const aSecond = slope(points);
  const mean = points.reduce((sum, { y }) => sum + y, 0) / Math.max(1, points.length);
  return {
    perHour: aSecond * 3600,
    mean,
    judged: seconds >= JUDGED_SECONDS,
    grows: seconds >= JUDGED_SECONDS && (aSecond * seconds) / 2 > MOST_GROWTH * mean,
  };
}

/** What was not given back, in words. */
export function leaks(before, after) {
  return ['descriptors', 'mappings', 'threads']
    .filter((name) => after[name] !== before[name])
    .map((name) => `the server has ${after[name]} ${name}, and had ${before[name]} at first`);
}

const faultsOf = (who, wrong) =>
  FAULTS.filter((name) => wrong[name] > 0).map((name) => `${who}: ${wrong[name]} ${name}`);

/** Everything that was wrong in a run, in words: none when it was as it should be. */
export function verdict({ crowd, servers, samples, before, after, files, server }) {
  const memory = ['resident', 'anonymous'].map((name) => [name, growth(samples, name)]);
  return [
    ...faultsOf('connections', crowd.wrong),
    ...faultsOf('as the servers saw it', servers.wrong),
    ...crowd.broken,
    ...(crowd.lived === 0 ? ['no connection lived to be judged'] : []),
    ...leaks(before, after),
    ...files.map((file) => `/dev/shm/${file} was left`),
    ...(server.connections === 0 ? [] : [`the server still has ${server.connections} connections`]),
    ...memory
      .filter(([, { grows }]) => grows)
      .map(([name, { perHour }]) => `${name} memory grows by ${Math.round(perHour)} bytes an hour`),
  ];
}
