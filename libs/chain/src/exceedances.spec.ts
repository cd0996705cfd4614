import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { ExceedanceCounters, isRefuted, upperTail } from './exceedances.js';

const SOURCE = join(import.meta.dirname, '..', '..', '..', '..', 'contracts', 'src', 'Exceedances.sol');
const HOUR = 3600n;
const DAY = 24n * HOUR;
const PRICE = 100n * 10n ** 18n;
/** 1 percent², in units of 2^−128 */
const VARIANCE = 1n << 128n;

describe('exceedances', () => {
  it('refute where the contract’s table says so', () => {
    const table = /hex"([0-9a-f]+)"/.exec(readFileSync(SOURCE, 'utf8'))![1];
    for (let k = 0; k <= 127; k++) {
      const limit = Number.parseInt(table.slice(4 * k, 4 * k + 4), 16);
      if (limit > 0) expect(isRefuted({ windows: limit, exceedances: k }), `${k} of ${limit}`).toBe(true);
      const next = Math.max(limit + 1, k);
      expect(isRefuted({ windows: next, exceedances: k }), `${k} of ${next}`).toBe(false);
    }
    expect(isRefuted({ windows: 2800, exceedances: 200 })).toBe(true);
    expect(isRefuted({ windows: 4000, exceedances: 200 })).toBe(false);
    expect(upperTail(3, 3)).toBeCloseTo(0.05 ** 3, 12);
  });

  it('are counted in windows of one horizon without overlap', () => {
    const counters = new ExceedanceCounters();
    const step = (price: bigint, bar: bigint) => counters.step('BTC', price, VARIANCE, bar, DAY);
    expect(step(PRICE, DAY)).toBeUndefined();
    for (let i = 1n; i < 24n; i++) expect(step(2n * PRICE, DAY + i * HOUR)).toBeUndefined();
    expect(step((PRICE * 10195n) / 10000n, 2n * DAY)).toEqual({ windows: 1, exceedances: 0 });
    expect(step((PRICE * 99n) / 100n, 3n * DAY)).toEqual({ windows: 2, exceedances: 1 });
    // A window that ends at a bar that was never published is not counted.
    expect(step(5n * PRICE, 4n * DAY + HOUR)).toBeUndefined();
    expect(counters.count('BTC')).toEqual({ windows: 2, exceedances: 1 });
    expect(counters.count('ETH')).toEqual({ windows: 0, exceedances: 0 });
    counters.reset();
    expect(counters.count('BTC')).toEqual({ windows: 0, exceedances: 0 });
  });

  it('discredit a right forecast of 24 independent markets in one year of daily windows out of five, and one of half the volatility within weeks', () => {
    const random = randomStream(3);
    const daysUntilRefuted = (scale: number) => {
      const count = { windows: 0, exceedances: 0 };
      for (let day = 1; day <= 365; day++) {
        count.windows++;
        if (Math.abs(random.normal()) * scale > 1.959963984540054) count.exceedances++;
        if (isRefuted(count)) return day;
      }
      return Infinity;
    };
    let years = 0;
    for (let year = 0; year < 200; year++)
      if (Array.from({ length: 24 }, () => daysUntilRefuted(1)).some(Number.isFinite)) years++;
    expect(years / 200).toBeGreaterThan(0.1);
    expect(years / 200).toBeLessThan(0.3);
    for (let i = 0; i < 100; i++) expect(daysUntilRefuted(2)).toBeLessThan(60);
  });
});
