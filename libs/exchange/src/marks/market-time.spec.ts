import { describe, expect, it } from 'vitest';
import { MarketTime } from './market-time.js';
import { TickRefusedError } from './tick-refusal.js';

const LIMITS = { maximumClockSkewMs: 5, maximumStepMs: 100 };
const refusal = (action: () => unknown) => {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TickRefusedError)) throw error;
    return error.refusal;
  }
};

describe(MarketTime, () => {
  it('counts a message at its date, never later than the log took it, within the skew of clocks', () => {
    const clock = new MarketTime(LIMITS);
    const at = (time: number, appendedAt?: number) => refusal(() => clock.timeOf(time, 'a tick', appendedAt));
    expect([at(1000), at(1003, 1000), at(1005, 1000), at(1006, 1000), at(900, 1000)]).toEqual([
      ...[1000, 1000, 1000, 'from-the-future', 900],
    ]);
  });

  it('goes no further at once than a step of the log, unless the operator accepts it', () => {
    const clock = new MarketTime(LIMITS);
    const at = (time: number, appendedAt?: number) => refusal(() => clock.timeOf(time, 'a tick', appendedAt));
    // The first message may have any time.
    expect([at(10_000), at(10_100), at(10_201), at(10_200)]).toEqual([
      ...[10_000, 10_100, 'step-too-large', 10_200],
    ]);
    // An older append does not take the clock back.
    expect([at(1, 10_000), at(10_300)]).toEqual([1, 10_300]);
    clock.accept(20_000);
    clock.accept(15_000);
    expect([at(20_101), at(20_100)]).toEqual(['step-too-large', 20_100]);
  });

  it('only goes forward, and is the same after it was plain data', () => {
    const clock = new MarketTime(LIMITS);
    clock.advance(7);
    clock.advance(5);
    expect(clock.now).toBe(7);
    clock.timeOf(50, 'a tick');
    expect(clock.snapshot()).toEqual({ now: 7, appendedAt: 50 });
    const copy = new MarketTime(LIMITS, clock.snapshot());
    expect(copy.snapshot()).toEqual(clock.snapshot());
    expect(refusal(() => copy.timeOf(151, 'a tick'))).toBe('step-too-large');
  });
});
