import { describe, expect, it } from 'vitest';
import { ExchangeMachine, HOUR_MS } from '../../../../test/support/exchange-machine.js';
import { BOOK_EVENTS } from '../../../../test/support/book-events.js';
import { accountState, poolState } from './published-states.js';

/** x has 1,000, bought 2 of A at 100, and owes 6 an hour since one hour. */
function machine(): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B']);
  const { ledger, time } = made;
  ledger.apply({ ...BOOK_EVENTS['account-deposited'], at: time, amount: '1000' });
  const leg = { market: 'A', size: '2', price: '100' };
  ledger.apply({ ...BOOK_EVENTS['trade-booked'], at: time, account: 'x', legs: [leg], riskPremium: '3' });
  ledger.apply({
    ...BOOK_EVENTS['funding-accrued'],
    at: time,
    markets: [['A', '2', '0', '1000000000000000000']],
  });
  ledger.apply({ ...BOOK_EVENTS['credit-charged'], at: time, charged: '0', rate: '6' });
  return made;
}

describe('a state that is published', () => {
  it('of an account has its cash less its debt, and positions with the index up to which they are settled', () => {
    const { ledger, time } = machine();
    const causes = [{ topic: 'trades', id: 'c1' }] as unknown as Parameters<typeof accountState>[2];
    expect(accountState(ledger, 'x', causes, time + HOUR_MS)).toEqual({
      ...{ account: 'x', sequence: 4, cash: '991', causes },
      positions: [{ market: 'A', size: '2', entryNotional: '200', fundingIndex: '0' }],
    });
    ledger.apply({ ...BOOK_EVENTS['market-rescaled'], at: time, accounts: [['x', '0.2', '0', '0']] });
    expect(accountState(ledger, 'x', causes, time).positions).toEqual([
      { market: 'A', size: '0.2', entryNotional: '200', fundingIndex: '1000000000000000000', scale: 10 },
    ]);
  });

  it('of the pool has its sums and its position in each market', () => {
    const { engine, ledger, time } = machine();
    ledger.apply({ ...BOOK_EVENTS['liquidity-deposited'], at: time, amount: '50', shares: '50' });
    ledger.apply({ ...BOOK_EVENTS['account-withdrawn'], at: time, amount: '0', haircut: '1' });
    const { version, digest } = engine.parameters.rules;
    expect(poolState(engine)).toEqual({
      sequence: 6,
      markets: [{ market: 'A', size: '2', entryNotional: '200', fundingIndex: '1000000000000000000' }],
      ...{ capital: '1', liquidity: '50', pending: '5', shortfall: '0', marginCapital: 0 },
      parameters: { version, digest },
    });
    ledger.apply({ ...BOOK_EVENTS['market-rescaled'], at: time, accounts: [] });
    expect(poolState(engine).markets).toMatchObject([{ market: 'A', scale: 10 }]);
  });
});
