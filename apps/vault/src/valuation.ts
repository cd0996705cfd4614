import type { VaultHoldings } from '#lib/chain';
import type { CovariancePayload } from '#lib/messages';
import { factorForecastOf, tailFactorAt } from '#lib/exchange';
import { fairValue } from '#lib/pools';
import { quadraticForm } from '#lib/risk';
import { TokenNotValuedError } from './errors.js';

/** The vault's value to the exchange, after the haircut. */
export interface Valuation {
  /** of one pool share, quote currency */
  readonly unitValue: number;
  /** standard deviation of the basket's log return over the horizon */
  readonly volatility: number;
  /** share of the value that does not count */
  readonly haircut: number;
}

/** Where prices and forecasts come from. */
export interface ValuationMarket {
  readonly forecast: CovariancePayload;
  /** quote currency a token; undefined where none has come */
  price(market: string): number | undefined;
  /** the market whose token is the quote currency itself: its price is 1 and does not move */
  readonly quoteMarket: string;
}

const WEI = 1e18;

/**
 * Values a share of the pool: its part of the pool's fair value, with
 *
 *     haircut = max(least, min(1, κ σ √(−2 ln α))),  σ² = wᵀΣw
 *
 * the EVaR_{1−α} of the loss of a basket with the pool's weights w within the forecast's horizon, as a share of its value, where
 * Σ is the forecast covariance of log returns, κ its tail factor at α, and their mean is 0. EVaR is subadditive: with the haircut held back from L, the
 * risk of book and basket together is at most the sum of the book's risk measure and the haircut.
 *
 * @throws {TokenNotValuedError} naming a token without a price or a forecast
 */
export function valuate(
  holdings: VaultHoldings,
  market: ValuationMarket,
  { alpha, least }: { readonly alpha: number; readonly least: number },
): Valuation {
  const { tokens, supply } = holdings;
  const weights = tokens.map(({ weight }) => Number(weight) / WEI);
  const prices = tokens.map(({ market: name }) => priceOf(name, market));
  const volatility = Math.sqrt(
    basketVariance(
      tokens.map(({ market: name }) => name),
      weights,
      market,
    ),
  );
  const tail = tailFactorAt(market.forecast, alpha) * Math.sqrt(-2 * Math.log(alpha));
  const haircut = Math.max(least, Math.min(1, volatility * tail));
  const reserves = tokens.map(({ balance }) => Number(balance) / WEI);
  const unitValue = fairValue(reserves, weights, prices) / (Number(supply) / WEI);
  return { unitValue, volatility, haircut };
}

function priceOf(name: string, { quoteMarket, price }: ValuationMarket): number {
  const known = name === quoteMarket ? 1 : price(name);
  if (known === undefined) throw new TokenNotValuedError(name, 'price');
  return known;
}

/** wᵀΣw over the pool's tokens; the quote currency has no variance. */
function basketVariance(
  names: readonly string[],
  weights: readonly number[],
  { forecast, quoteMarket }: ValuationMarket,
): number {
  const { markets } = forecast;
  const x = new Float64Array(markets.length);
  for (const [token, name] of names.entries()) {
    const place = markets.indexOf(name);
    if (place >= 0) x[place] += weights[token];
    else if (name !== quoteMarket) throw new TokenNotValuedError(name, 'forecast');
  }
  return quadraticForm(factorForecastOf(forecast), x);
}
