import { describe, expect, it } from 'vitest';
import { exceedances } from './exceedances.js';

describe(exceedances, () => {
  const point = (hour: number, mean: number) => ({
    ...{ at: hour * 3_600_000, mean, volatility: 10, tailFactor: 1.2 },
  });
  const hours = (n: number) => n * 3_600_000;
  // κ √(−2 ln 0.01) σ = 36.4
  const alpha = 0.01;

  it('are the bars whose loss over the horizon is above the bound', () => {
    const points = [point(0, -100), point(1, -64), point(2, -63), point(3, -100)];
    expect(exceedances(points, hours(2), alpha)).toEqual([true, false, undefined, undefined]);
    expect(exceedances(points, hours(1), alpha)).toEqual([false, false, false, undefined]);
  });

  it('take the first bar at or after the horizon’s end where one is missing', () => {
    expect(exceedances([point(0, -100), point(5, 0)], hours(2), alpha)).toEqual([true, undefined]);
    expect(exceedances([], hours(2), alpha)).toEqual([]);
  });
});
