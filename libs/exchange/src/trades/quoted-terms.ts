import { InvalidInputError } from '#lib/errors';
import type { TradePayload } from '#lib/messages';
import {
  divide,
  fromNumber,
  magnitude,
  MONEY_DECIMALS,
  notionalOf,
  parseDecimal,
  toNumber,
  formatMoney,
} from '#lib/amounts';
import type { MarketBoard } from '../marks/market-board.js';
import { QuoteStaleError } from '../errors.js';
import type { TradePrice } from './trade-price.js';

/**
 * A quote is honoured at its own marks and premium while the same trade, executed at those marks, costs the pool
 * no more than the tolerance above the quote.
 *
 * @param now the trade's price now, executed at the quote's marks
 * @throws {QuoteStaleError} where it has become dearer
 * @throws {InvalidInputError} for a negative premium
 */
export function quotedTerms(
  quote: NonNullable<TradePayload['quote']>,
  now: TradePrice,
  board: MarketBoard,
  tolerance: number,
): Pick<TradePrice, 'riskPremium' | 'liquidityPremium'> {
  const riskPremium = parseDecimal(quote.riskPremium, MONEY_DECIMALS, 'quote.riskPremium');
  const liquidityPremium = parseDecimal(quote.liquidityPremium, MONEY_DECIMALS, 'quote.liquidityPremium');
  if (riskPremium < 0n || liquidityPremium < 0n)
    throw new InvalidInputError('quote.riskPremium', 'must not be negative');
  const quoted = riskPremium + liquidityPremium;
  // A gain from the mark's move since the quote counts as a cost of the trade.
  const gain = now.legs.reduce((sum, leg) => {
    const mark = board.mark(leg.name)!.price;
    return sum + notionalOf(leg.exactSize, mark, 'up') - notionalOf(leg.exactSize, leg.exactPrice, 'down');
  }, 0n);
  const current = now.riskPremium + now.liquidityPremium + (gain > 0n ? gain : 0n);
  const notional = now.legs.reduce((sum, leg) => {
    const value = notionalOf(leg.exactSize, leg.exactPrice, 'nearest');
    return sum + magnitude(value);
  }, 0n);
  const allowance = fromNumber(
    toNumber(quoted, MONEY_DECIMALS) * tolerance,
    MONEY_DECIMALS,
    'up',
    'tolerance',
  );
  // A hundredth of a basis point of the notional is always within tolerance: a premium of nothing may round up.
  if (current > quoted + allowance + divide(notional, 1_000_000n, 'up')) {
    throw new QuoteStaleError(quote.quoteId, formatMoney(quoted), formatMoney(current));
  }
  return { riskPremium, liquidityPremium };
}
