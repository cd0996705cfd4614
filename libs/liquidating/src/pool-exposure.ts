import { fromNumber, MONEY_DECIMALS, parseDecimal, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import { type MarketBoard, poolBook } from '#lib/exchange';
import type { PoolStatePayload } from '#lib/messages';
import { type Exposure, exposureOf, type MarketForecast } from '#lib/risk';

/** Exposure of the pool's book at the marks of a board. Sizes are converted to the unit of the mark, which may be another one by now. */
export function poolExposure(board: MarketBoard, pool: PoolStatePayload, forecast: MarketForecast): Exposure {
  const money = (text: string) => parseDecimal(text, MONEY_DECIMALS, 'pool');
  const book = poolBook(board, {
    markets: pool.markets.map(({ market, size, entryNotional, scale = 1 }) => {
      const inUnit = sizeOf(size) * (scale / board.marks.scale(market));
      return {
        market,
        size: fromNumber(inUnit, SIZE_DECIMALS, 'nearest', 'pool.size'),
        entryNotional: money(entryNotional),
      };
    }),
    capital: money(pool.capital),
    liquidity: money(pool.liquidity),
    pending: money(pool.pending),
    shortfall: money(pool.shortfall),
  });
  return exposureOf(book, forecast);
}

const sizeOf = (text: string) => toNumber(parseDecimal(text, SIZE_DECIMALS, 'size'), SIZE_DECIMALS);
