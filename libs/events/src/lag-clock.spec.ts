import { describe, expect, it } from 'vitest';
import { LagClock } from './lag-clock.js';

const lag = (position: number, end: number) => ({
  ...{ group: 'g', topic: 't', partition: 0 },
  ...{ position: BigInt(position), records: BigInt(end - position) },
});

describe('lag in time', () => {
  const seconds = (looks: readonly (readonly [at: number, position: number, end: number])[]) => {
    const clock = new LagClock();
    for (const [at, position, end] of looks) clock.observe([lag(position, end)], at);
    return clock.times()[0].seconds;
  };

  it('is the age of the oldest record that was not consumed', () => {
    expect(seconds([[0, 5, 5]])).toBe(0);
    expect(
      seconds([
        [0, 5, 5],
        [1_000, 5, 9],
        [4_000, 5, 9],
      ]),
    ).toBe(3);
    // The record that was there at 1,000 is consumed; those that came at 3,000 are not.
    expect(
      seconds([
        [0, 5, 5],
        [1_000, 5, 6],
        [3_000, 5, 9],
        [4_000, 6, 9],
      ]),
    ).toBe(1);
  });

  it('does not grow with a unit that follows a stream, however far behind in records', () => {
    const looks = Array.from({ length: 100 }, (_, i) => [i * 1_000, i * 10_000, (i + 2) * 10_000] as const);
    expect(seconds(looks)).toBeLessThanOrEqual(2);
  });

  it('grows while nothing is consumed, and is zero once all is', () => {
    const stuck = Array.from({ length: 2_000 }, (_, i) => [i * 1_000, 7, 8 + i] as const);
    expect(seconds(stuck)).toBe(1_999);
    expect(seconds([...stuck, [2_000_000, 3_000, 3_000]])).toBe(0);
  });
});
