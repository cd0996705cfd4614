import { describe, expect, it } from 'vitest';
import { commonMove, residualOf } from './common-move.js';

describe(commonMove, () => {
  it.each([
    [[3], 3],
    [[9, -1, 4], 4],
    [[1, 8], 4.5],
    // As numbers: −2, 1, 9, 10.
    [[10, 9, 1, -2], 5],
  ])('of %j is their median, %d', (moves, median) => {
    const given = [...moves];
    expect(commonMove(given)).toBe(median);
    expect(given).toEqual(moves);
  });
});

describe(residualOf, () => {
  it.each([
    // move, common, residual
    [5, 10, 0],
    [15, 10, 0],
    [10, 10, 0],
    [4, 10, -1],
    [16, 10, 1],
    [-2, 10, -7],
    [-10, -10, 0],
    [-4, -10, 1],
    [-16, -10, -1],
    [3, 0, 3],
  ])('of a move of %d beside a common one of %d is %d', (move, common, residual) => {
    expect(residualOf(move, common)).toBe(residual);
  });
});
