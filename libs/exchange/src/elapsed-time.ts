import type { BookEvent } from './book/book-event.js';
import { type ExchangeLedger } from './book/exchange-ledger.js';
import { fromNumber, MONEY_DECIMALS, formatMoney, YEAR_MS } from '#lib/amounts';
import type { LiquidityShares } from './shares/liquidity-shares.js';

/** Yearly funding of each market as it is charged, for the exchange and for the liquidity providers. */
export interface FundingRates {
  readonly risk: Float64Array;
  readonly liquidity: Float64Array;
}

/**
 * What market time alone brings, in order: funding since the last accrual, what vests, and locked withdrawals that
 * have come due. Each event is to be applied before the next is asked for.
 *
 * @param funding rates in force over the elapsed time; undefined where none are known, and nothing is charged
 */
export function* eventsOfTime(
  ledger: ExchangeLedger,
  shares: LiquidityShares,
  now: number,
  funding: {
    readonly markets: readonly string[];
    readonly rates: FundingRates | undefined;
    readonly elapsedMs: number;
  },
): Iterable<BookEvent> {
  const { markets, rates, elapsedMs } = funding;
  if (rates !== undefined) {
    const due = markets
      .map((market, i) => {
        const amountOf = (rate: number) =>
          fromNumber((rate * elapsedMs) / YEAR_MS, MONEY_DECIMALS, 'nearest', `${market}.funding`);
        return [market, amountOf(rates.risk[i]), amountOf(rates.liquidity[i])] as const;
      })
      .filter(([, risk, liquidity]) => risk !== 0n || liquidity !== 0n)
      .map(([market, risk, liquidity]) => [market, formatMoney(risk), formatMoney(liquidity)] as const);
    if (due.length > 0) yield { kind: 'funding-accrued', at: now, markets: due };
  }
  const { toCapital, toLiquidity } = ledger.dueBy(now);
  if (toCapital !== 0n || toLiquidity !== 0n) {
    yield {
      kind: 'vested',
      at: now,
      toCapital: formatMoney(toCapital),
      toLiquidity: formatMoney(toLiquidity),
    };
  }
  for (const { commandId, provider, shares: locked, releaseAt } of ledger.lockedWithdrawals()) {
    if (releaseAt > now) continue;
    yield {
      kind: 'liquidity-withdrawn',
      at: now,
      commandId,
      provider,
      shares: formatMoney(locked),
      paid: formatMoney(shares.worth(locked)),
      fee: '0',
      mode: 'locked',
    };
  }
}
