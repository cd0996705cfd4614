import { describe, expect, it } from 'vitest';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import { payable, type Solvency, solvencyOf } from './solvency.js';

const PARTS = {
  ...{ capital: 10n, liquidity: 20n, pendingToCapital: 3n, pendingToLiquidity: 4n, creditReserve: 5n },
  ...{ shortfall: 1n, collateral: 100n },
};

function ledger(change: Partial<typeof PARTS> = {}): ExchangeLedger {
  const parts = { ...PARTS, ...change, accruedCredit: (now: number) => BigInt(now) };
  return parts as unknown as ExchangeLedger;
}

describe(solvencyOf, () => {
  it('needs what unrealised gains and the shortfall are above the pool and all that is on its way to it', () => {
    // 2 + 5 + 10 + 20 + 3 + 4 = 44 against 1 + 43, then 1 + 44.
    expect(solvencyOf(ledger(), 43n, 2)).toEqual({ insolvent: false, need: 0n });
    expect(solvencyOf(ledger(), 44n, 2)).toEqual({ insolvent: true, need: 1n, claims: 142n });
  });

  it('counts no gains that the pool has not realised', () => {
    const poor = ledger({ capital: -42n, shortfall: 0n });
    expect(solvencyOf(poor, -30n, 2)).toEqual({ insolvent: true, need: 8n, claims: 68n });
    expect(solvencyOf(poor, 0n, 2)).toMatchObject({ need: 8n });
  });
});

describe(payable, () => {
  it.each<[Solvency, bigint]>([
    [{ insolvent: false, need: 0n }, 7n],
    [{ insolvent: true, need: 30n, claims: 100n }, 4n],
    [{ insolvent: true, need: 99n, claims: 100n }, 0n],
    [{ insolvent: true, need: 100n, claims: 100n }, 0n],
    [{ insolvent: true, need: 101n, claims: 100n }, 0n],
  ])('of 7 where %o is %d', (solvency, paid) => {
    expect(payable(solvency, 7n)).toBe(paid);
  });
});
