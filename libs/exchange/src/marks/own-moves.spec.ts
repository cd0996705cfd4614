import { describe, expect, it } from 'vitest';
import { markParameters } from './mark-parameters.js';
import { OwnMoves } from './own-moves.js';

const HOUR = 3_600_000;
/** 1 % an hour, ten deviations, at least 2 %; measured from a mark that is a minute old at least. */
const PARAMETERS = markParameters();
const confirmed = (...marks: readonly (readonly [price: number, time: number])[]) => {
  const moves = new OwnMoves(PARAMETERS);
  for (const [price, time] of marks) moves.confirm({ price, time });
  return moves;
};

describe(OwnMoves, () => {
  it('has no move, deviation or anchor before the first mark, and the smallest band', () => {
    const moves = confirmed();
    expect([moves.anchor, moves.moveTo(50), moves.deviation(HOUR), moves.band(HOUR)]).toEqual([
      null,
      0,
      0,
      0.02,
    ]);
  });

  it('measures a move from its anchor, in deviations that grow with the root of time', () => {
    const moves = confirmed([100, 0]);
    expect(moves.anchor).toEqual({ price: 100, time: 0 });
    expect(moves.moveTo(110)).toBeCloseTo(Math.log(1.1), 15);
    expect(moves.deviation(HOUR)).toBeCloseTo(0.01, 15);
    expect(moves.deviation(4 * HOUR)).toBeCloseTo(0.02, 15);
    // A second at least.
    expect(moves.deviation(0)).toBe(moves.deviation(1000));
    expect(moves.deviation(2000)).toBeGreaterThan(moves.deviation(1000));
    expect(moves.band(HOUR)).toBeCloseTo(0.1, 15);
    expect(moves.band(1000)).toBe(0.02);
  });

  it('keeps its anchor for the window: many small steps are one move', () => {
    const moves = confirmed([100, 0], [101, 59_999]);
    expect(moves.anchor).toEqual({ price: 100, time: 0 });
    moves.confirm({ price: 102, time: 60_000 });
    expect(moves.anchor).toEqual({ price: 102, time: 60_000 });
  });

  it('averages squares of moves over a minute or more, with a weight of .97 a sample', () => {
    const variance = 0.01 ** 2 / HOUR;
    expect(confirmed([100, 0], [101, 59_999]).snapshot()).toEqual({
      ...{ variance, sampled: { price: 100, time: 0 }, anchor: { price: 100, time: 0 } },
    });
    const sampled = confirmed([100, 0], [101, HOUR]).snapshot();
    expect(sampled.variance).toBeCloseTo(0.97 * variance + (0.03 * Math.log(1.01) ** 2) / HOUR, 20);
    expect(sampled.sampled).toEqual({ price: 101, time: HOUR });
    // A fall is as large as a rise.
    expect(confirmed([101, 0], [100, HOUR]).snapshot().variance).toBeCloseTo(sampled.variance, 20);
    // No jump counts for more than the band: ten deviations, which make the variance 0.97 + 0.03 × 100 of what it was.
    expect(confirmed([100, 0], [200, HOUR]).snapshot().variance / variance).toBeCloseTo(3.97, 12);
  });

  it('is the same in another unit, and after it was plain data', () => {
    const moves = confirmed([100, 0], [101, HOUR], [102, HOUR + 1]);
    const copy = new OwnMoves(PARAMETERS, moves.snapshot());
    expect(copy.snapshot()).toEqual(moves.snapshot());
    const { variance } = moves.snapshot();
    moves.rescale(10);
    const at = { price: 1010, time: HOUR };
    expect(moves.snapshot()).toEqual({ variance, sampled: at, anchor: at });
    const none = confirmed();
    none.rescale(10);
    expect([none.snapshot().sampled, none.anchor]).toEqual([null, null]);
  });
});
