import { describe, expect, it } from 'vitest';
import { CreditRates } from './credit-rates.js';

const HOUR = 3_600_000;

describe(CreditRates, () => {
  it('owes a rate for the time that it held, rounded up, and nothing of a time before', () => {
    const rates = new CreditRates();
    rates.set('a', 7n, HOUR);
    expect([rates.owed('a', 0), rates.owed('a', HOUR), rates.owed('a', HOUR + 1)]).toEqual([0n, 0n, 1n]);
    expect([rates.owed('a', 2 * HOUR), rates.owed('a', 2.5 * HOUR)]).toEqual([7n, 11n]);
    expect(rates.owed('b', 2 * HOUR)).toBe(0n);
  });

  it('has the sum of all debts, rounded down, after rates have changed and ended', () => {
    const rates = new CreditRates();
    rates.set('a', 7n, HOUR);
    rates.set('b', 4n, 2 * HOUR);
    expect(rates.accrued(2.5 * HOUR)).toBe(12n);
    rates.set('a', 3n, 2 * HOUR);
    expect(rates.get('a')).toEqual({ rate: 3n, since: 2 * HOUR });
    expect(rates.accrued(3 * HOUR)).toBe(7n);
    rates.set('b', 0n, 3 * HOUR);
    expect([...rates]).toEqual([['a', { rate: 3n, since: 2 * HOUR }]]);
    expect(rates.accrued(4 * HOUR)).toBe(6n);
    expect(rates.accrued(HOUR)).toBe(0n);
    expect(rates.sumsAreRight()).toBe(true);
    rates.set('nobody', 0n, HOUR);
    expect([rates.get('nobody'), rates.sumsAreRight()]).toEqual([undefined, true]);
  });
});
