import { formatDecimal, formatMoney, PRICE_DECIMALS, SIZE_DECIMALS } from '#lib/amounts';
import type { PricingEngine } from '#lib/exchange';
import type { SamplePayload } from '#lib/messages';

/** Market time between two samples, milliseconds. */
export const SAMPLE_MS = 60_000;

/** Whether a minute of market time has begun between two times. */
export function beginsMinute(before: number, after: number): boolean {
  return Math.floor(after / SAMPLE_MS) > Math.floor(before / SAMPLE_MS);
}

/** The exchange as it is now, for history: every market with its mark, size and funding, and the value of shares. */
export function marketSample(engine: PricingEngine): SamplePayload {
  const { board, ledger, shares } = engine;
  const assessed = engine.ready() ? engine.assessment() : undefined;
  const indexOf = new Map(board.markets.map((market, i) => [market, i]));
  return {
    at: board.now,
    markets: board.knownMarkets().map((market) => {
      const i = assessed === undefined ? undefined : indexOf.get(market);
      const perUnit = assessed?.funding.perUnit;
      return {
        market,
        mark: formatDecimal(board.mark(market)!.price, PRICE_DECIMALS),
        state: board.status(market),
        size: formatDecimal(ledger.market(market).size, SIZE_DECIMALS),
        fundingPerUnitPerYear:
          i === undefined || perUnit === undefined ? null : perUnit.risk[i] + perUnit.liquidity[i],
        allocation: i === undefined ? null : (assessed?.assessment.riskAllocation.markets[i] ?? null),
      };
    }),
    capital: formatMoney(ledger.capital),
    liquidity: formatMoney(ledger.liquidity),
    shares: {
      outstanding: formatMoney(ledger.outstandingShares),
      worth: formatMoney(shares.value.redeemed()),
    },
  };
}
