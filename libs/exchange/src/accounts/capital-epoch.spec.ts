import { describe, expect, it } from 'vitest';
import { capitalEpoch } from './capital-epoch.js';

const DAY = 86_400_000;

describe(capitalEpoch, () => {
  const epoch = { day: 3, capital: 100 };
  it('keeps the capital of the day’s beginning', () => {
    for (const capital of [50, 100, 200]) expect(capitalEpoch(epoch, 3 * DAY + 7, capital)).toBe(epoch);
    expect(capitalEpoch(epoch, 4 * DAY - 1, 150)).toBe(epoch);
    expect(capitalEpoch(epoch, 4 * DAY, 150)).toEqual({ day: 4, capital: 150 });
  });

  it('takes another one earlier where it has doubled or halved', () => {
    expect(capitalEpoch(epoch, 3 * DAY, 201)).toEqual({ day: 3, capital: 201 });
    expect(capitalEpoch(epoch, 3 * DAY, 49)).toEqual({ day: 3, capital: 49 });
  });
});
