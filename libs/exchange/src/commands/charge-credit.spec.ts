import { describe, expect, it } from 'vitest';
import { chargeCredit } from './charge-credit.js';
import type { Exchange } from './exchange.js';

const HOUR = 3_600_000;
const MONEY = 10n ** 8n;

interface Account {
  /** charged an hour until now, and since when */
  readonly old?: bigint;
  readonly since?: number;
  readonly owed?: bigint;
  /** to be charged an hour from now on */
  readonly rate?: bigint;
  /** money; whether the exact one is certainly not negative */
  readonly equity?: number;
  readonly solvent?: boolean;
  readonly exact?: bigint;
}

/** What is booked of an account at an hour: its charge and its rate, or nothing. */
function charged(touched: boolean, { old = 0n, since = 0, owed = 0n, rate = old, ...more }: Account) {
  const { equity = 1000, solvent = true, exact = 0n } = more;
  const ledger = {
    creditOf: () => ({ rate: old, owed }),
    creditRateOf: () => (old === 0n ? undefined : { rate: old, since }),
  };
  const accounts = { creditRate: () => ({ rate, equity, solvent }), exactEquity: () => exact };
  const event = chargeCredit({ ledger, accounts } as unknown as Exchange, 'x', HOUR, touched);
  if (event === undefined) return undefined;
  expect(event).toMatchObject({ kind: 'credit-charged', at: HOUR, account: 'x' });
  return [event.charged, event.rate];
}

describe('the charge of an account that a command has changed', () => {
  it('is booked where its rate has moved by more than a fourth, and by more than a thousandth of a unit', () => {
    expect(charged(true, {})).toBeUndefined();
    expect(charged(true, { old: 4n * MONEY, owed: 7n })).toBeUndefined();
    expect(charged(true, { old: 4n * MONEY, owed: 7n, rate: 5n * MONEY })).toBeUndefined();
    expect(charged(true, { old: 4n * MONEY, owed: 7n, rate: 5n * MONEY + 1n })).toEqual([
      '0.00000007',
      '5.00000001',
    ]);
    expect(charged(true, { old: 4n * MONEY, owed: 7n, rate: 3n * MONEY })).toBeUndefined();
    expect(charged(true, { old: 4n * MONEY, owed: 7n, rate: 3n * MONEY - 1n })).toEqual([
      '0.00000007',
      '2.99999999',
    ]);
    expect([charged(true, { rate: 100_000n }), charged(true, { rate: 100_001n })]).toEqual([
      undefined,
      ['0', '0.00100001'],
    ]);
  });

  it('ends with the last position, however small it was', () => {
    expect(charged(true, { old: 5n, owed: 3n, rate: 0n })).toEqual(['0.00000003', '0']);
    expect(charged(true, { old: 0n, owed: 3n, rate: 0n })).toBeUndefined();
  });

  it('is no more than the account has, and nothing of one that has less than nothing', () => {
    const poor = { old: 5n, owed: 30n, rate: 0n, solvent: false };
    // The exact equity is what is left when the debt is taken off.
    expect(charged(true, { ...poor, exact: 1n })).toEqual(['0.0000003', '0']);
    expect(charged(true, { ...poor, exact: 0n })).toEqual(['0.0000003', '0']);
    expect(charged(true, { ...poor, exact: -10n })).toEqual(['0.0000002', '0']);
    expect(charged(true, { ...poor, exact: -31n })).toEqual(['0', '0']);
    expect(charged(true, { ...poor, exact: -31n, solvent: true })).toEqual(['0.0000003', '0']);
  });
});

describe('the charge of an account that a pass has come to', () => {
  it('is booked where the debt is more than a thousandth of the equity', () => {
    const debt = (owed: bigint, equity = 1000) => charged(false, { old: 4n * MONEY, owed, equity });
    expect([debt(MONEY), debt(MONEY + 1n)]).toEqual([undefined, ['1.00000001', '4']]);
    expect([debt(MONEY, 0), debt(MONEY, -5)]).toEqual([undefined, undefined]);
  });

  it('is booked where another rate would have made a difference of three ten-thousandths of the equity', () => {
    // 0.3 of 1,000, over an hour since.
    const moved = (rate: bigint, since = 0, equity = 1000) =>
      charged(false, { old: MONEY, owed: 1n, rate: MONEY + rate, since, equity });
    const part = (3n * MONEY) / 10n;
    expect([moved(part - 1n), moved(part + 1n)]).toEqual([undefined, ['0.00000001', '1.30000001']]);
    expect([moved(2n * part - 2n, HOUR / 2), moved(2n * part + 2n, HOUR / 2)]).toEqual([
      undefined,
      ['0.00000001', '1.60000002'],
    ]);
    // Within a fourth it is the same rate, whatever time has passed.
    expect(moved(MONEY / 4n, -1000 * HOUR)).toBeUndefined();
    expect(moved(part, 2 * HOUR, 0)).toBeUndefined();
    expect(charged(false, { old: MONEY, owed: 1n, rate: MONEY / 2n, equity: 1000 })).toEqual([
      '0.00000001',
      '0.5',
    ]);
    // Of an account that was charged nothing the time is not known: the first rate is booked at once.
    expect(charged(false, { rate: MONEY })).toEqual(['0', '1']);
    expect(charged(false, { rate: 99_999n })).toBeUndefined();
    expect(charged(false, { old: MONEY, owed: 1n, rate: 0n })).toEqual(['0.00000001', '0']);
  });
});
