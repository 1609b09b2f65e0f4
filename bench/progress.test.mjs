import { describe, expect, it } from 'vitest';
import { duration, Progress } from './progress.mjs';

const each = (name, rounds, ms) => ({
  case: { name },
  variant: '64 B',
  impl: { name: 'native' },
  placement: 'free',
  options: { warmMs: 0, ms },
  rounds,
});

// A clock that is moved by hand, and a stream that keeps what it gets.
function staged(plan, isTTY, columns = 80) {
  const stage = { now: 0, text: '' };
  const stream = {
    isTTY,
    columns,
    write(text) {
      stage.text += text;
    },
  };
  stage.progress = new Progress(plan, { stream, now: () => stage.now });
  stage.measure = (measurement, ms) => {
    stage.progress.begin(measurement);
    return stage.progress.during(measurement, async () => {
      stage.now += ms;
    });
  };
  return stage;
}

describe('the progress', () => {
  it('takes each to last as long as it did before', async () => {
    const [call, wake] = [each('syncCall', 3, 100), each('wake', 1, 100)];
    const stage = staged([call, wake], false);
    const first = stage.progress.leftMs;
    expect(first).toBeGreaterThanOrEqual(400);
    await stage.measure(call, 1000);
    expect(stage.progress.leftMs).toBe(2000 + first / 4);
    await stage.measure(wake, 1);
    await stage.measure(call, 500);
    expect(stage.progress.leftMs).toBe(500);
    await stage.measure(call, 500);
    expect(stage.progress.leftMs).toBe(0);
  });

  it('forgets what will not be measured', () => {
    const call = each('syncCall', 5, 1000);
    const { progress } = staged([call], false);
    progress.drop(call);
    expect(progress.leftMs).toBe(0);
  });

  it('is a line for each case of a round where nobody watches', async () => {
    const call = each('syncCall', 2, 1000);
    const stage = staged([call], false);
    stage.progress.round(1);
    await stage.measure(call, 3000);
    await stage.measure(call, 3000);
    stage.progress.round(2);
    await stage.measure(call, 1);
    stage.progress.end();
    const lines = stage.text.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe('round 1 of 2: syncCall, about 3 s left');
    expect(lines[1]).toMatch(/^round 2 of 2: syncCall, about \d+ s left$/);
  });

  it('is one line that changes on a terminal, no longer than it is wide', async () => {
    const call = each('syncCall', 2, 1000);
    const stage = staged([call], true, 30);
    stage.progress.round(1);
    await stage.measure(call, 3000);
    await stage.measure(call, 3000);
    expect(stage.text.split('\r\x1b[K').slice(1)).toEqual(
      Array(2).fill('round 1 of 2: syncCall, 64 B,'),
    );
    stage.progress.end();
    expect(stage.text.endsWith('\r\x1b[K')).toBe(true);
  });

  it('passes on a failure', async () => {
    const stage = staged([each('syncCall', 1, 1)], false);
    const work = () => Promise.reject(new Error('broken'));
    await expect(stage.progress.during(each('syncCall', 1, 1), work)).rejects.toThrow('broken');
  });
});

describe('duration', () => {
  it('is in seconds, or minutes', () => {
    expect([10, 8000, 61_000].map(duration)).toEqual(['1 s', '8 s', '1 min 1 s']);
  });
});
