import { describe, expect, it } from 'vitest';
import { BOOK_EVENTS } from '../../../test/support/book-events.js';
import { ExchangeLedger } from './book/exchange-ledger.js';
import { fundingAccrued, intervalEnded, vested } from './elapsed-time.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** x has −3 of A and bought 1 unit of B. */
function ledger(): ExchangeLedger {
  const made = new ExchangeLedger(DAY, HOUR);
  const legs = [
    { market: 'A', size: '-3', price: '100' },
    { market: 'B', size: '0.00000001', price: '100' },
  ];
  made.apply({
    ...BOOK_EVENTS['trade-booked'],
    at: 0,
    account: 'x',
    legs,
    riskPremium: '24',
    liquidityPremium: '48',
  });
  return made;
}

describe(intervalEnded, () => {
  it('is so once a minute of market time has ended', () => {
    expect([intervalEnded(0, 59_999), intervalEnded(0, 60_000), intervalEnded(59_999, 60_000)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(intervalEnded(60_000, 60_000)).toBe(false);
  });
});

describe(fundingAccrued, () => {
  const owed = (market: string, risk: number, liquidity: number) => [market, { risk, liquidity }] as const;
  it('is of markets that owe something and in which somebody has a position', () => {
    const event = fundingAccrued(
      ledger(),
      [owed('A', 0.5, -0.25), owed('B', 0, 2), owed('C', 1, 1), owed('A', 0, 0)],
      7,
    );
    expect(event).toEqual({
      ...{ kind: 'funding-accrued', at: 7 },
      markets: [
        ['A', '-1.5', '0.75', '250000000000000000'],
        ['B', '0', '0.00000002', '2000000000000000000'],
      ],
    });
  });

  it('is nothing where nothing is owed, or less than the index can tell', () => {
    expect(fundingAccrued(ledger(), [owed('A', 0, 0)], 7)).toBeUndefined();
    expect(fundingAccrued(ledger(), [owed('A', 1e-19, -1e-19)], 7)).toBeUndefined();
    expect(fundingAccrued(ledger(), [owed('C', 1, 1)], 7)).toBeUndefined();
    expect(fundingAccrued(ledger(), [owed('A', 1e-18, 0)], 7)).toMatchObject({
      markets: [['A', '-0.00000001', '0', '1']],
    });
    expect(fundingAccrued(ledger(), [owed('A', 0, 1e-18)], 7)).toMatchObject({
      markets: [['A', '0', '-0.00000001', '1']],
    });
    expect(fundingAccrued(ledger(), [owed('A', 1, -1)], 7)).toMatchObject({
      markets: [['A', '-3', '3', '0']],
    });
  });
});

describe(vested, () => {
  it('is the exchange’s at the end of the horizon, and the providers’ evenly; without providers it is the exchange’s', () => {
    const made = ledger();
    expect([vested(made, 0), made.nextVesting()]).toEqual([undefined, HOUR]);
    expect(vested(made, HOUR)).toEqual({ kind: 'vested', at: HOUR, toCapital: '2', toLiquidity: '0' });
    made.apply({ ...BOOK_EVENTS['liquidity-deposited'], at: 0 });
    expect(vested(made, HOUR)).toEqual({ kind: 'vested', at: HOUR, toCapital: '0', toLiquidity: '2' });
    expect(vested(made, DAY - 1)).toMatchObject({ toCapital: '0', toLiquidity: '47.99999944' });
    expect(vested(made, DAY)).toMatchObject({ toCapital: '24', toLiquidity: '48' });
    made.apply({ kind: 'vested', at: 1.5 * HOUR, toCapital: '0', toLiquidity: '3' });
    expect(made.nextVesting()).toBe(2 * HOUR);
    made.apply({ kind: 'vested', at: DAY, toCapital: '24', toLiquidity: '45' });
    expect([vested(made, 2 * DAY), made.nextVesting()]).toEqual([undefined, Infinity]);
  });

  it('comes next at the end of a bucket, or of the first horizon', () => {
    const made = new ExchangeLedger(DAY, HOUR);
    expect(made.nextVesting()).toBe(Infinity);
    made.apply({ ...BOOK_EVENTS['trade-booked'], at: 0.5 * HOUR, account: 'x', legs: [], riskPremium: '1' });
    expect(made.nextVesting()).toBe(DAY + HOUR);
    made.apply({ ...BOOK_EVENTS['trade-booked'], at: 3 * HOUR, account: 'x', legs: [], riskPremium: '1' });
    expect(made.nextVesting()).toBe(DAY + HOUR);
    expect(
      [made.dueBy(DAY + HOUR - 1), made.dueBy(DAY + HOUR), made.dueBy(DAY + 3 * HOUR)].map(
        ({ toCapital }) => Number(toCapital) / 1e8,
      ),
    ).toEqual([...[0, 1, 2]]);
  });
});
