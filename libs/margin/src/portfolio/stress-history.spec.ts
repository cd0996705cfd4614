import { describe, expect, it } from 'vitest';
import { stressHistory } from '../index.js';

describe(stressHistory, () => {
  const history = stressHistory(
    ['A', 'B', 'WILD'],
    [
      [0.01, -0.02, 0.015, -0.1, 0.01],
      [0.01, NaN, -0.015, -0.12, 0.02],
      [0.3, -0.9, 0.2, -0.3, NaN],
    ],
    2,
  );

  it('has each market’s worst bar, whatever its sign', () => {
    expect(history.worstHours).toEqual({ A: 0.1, B: 0.12, WILD: 0.9 });
  });

  it('has the bars that were worst for all, in units of each market’s own deviation, the worst first', () => {
    expect(history.jointHours).toEqual([
      { A: -0.1, B: -0.12, WILD: -0.3 },
      { A: -0.02, WILD: -0.9 },
    ]);
  });

  it.each([
    ['a price that does not move', [[0, 0]], /returns\.A: has no price/],
    ['a market without a return', [[NaN]], /returns\.A/],
    ['a price of nothing', [[0.1, -1]], /returns\.A\[1\]: must be above −1/],
  ])('refuses %s', (_what, returns, words) => {
    expect(() => stressHistory(['A'], returns)).toThrow(words);
  });
});
