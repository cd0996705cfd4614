import type { PricePath } from '../prices.js';
import type { Arbitrage } from './arbitrage.js';

/** A trade with the pool that is no arbitrage. */
export interface ExternalTrade {
  /** of the prices, counted in rows that are acted on */
  readonly row: number;
  readonly tokenIn: number;
  readonly tokenOut: number;
  readonly amountIn: number;
}

/** Costs of trading, in each row that is acted on. */
export interface TradingCosts {
  /** of the pool, share of the amount that goes in; stays in the pool */
  readonly fees: (row: number) => number;
  /** of a transaction, quote currency; the arbitrageur pays it */
  readonly gas: (row: number) => number;
  /** of the arbitrageur elsewhere, share of the value traded on one side */
  readonly arbitrageFees: (row: number) => number;
}

export interface TradingTerms extends TradingCosts {
  readonly arbitrage: Arbitrage | undefined;
  readonly trades: readonly ExternalTrade[];
  /** volume of others who trade at the market's price, by that of arbitrageurs */
  readonly noise: number;
  /** share of the fees that leaves the pool */
  readonly protocolShare: number;
}

/** Result of trading. */
export interface Traded {
  /** fees paid by everyone, at the prices of their rows, quote currency */
  fees: number;
  /** rows in which arbitrage has moved the reserves */
  arbitrages: number;
}

/**
 * Reserves with fees, row by row: arbitrage at the prices of the row, then the row's external trade. While weights move there
 * are two arbitrages: at the weights of the row before, and at the row's own, the external trade between them.
 *
 * @param weights one row of n, or T × n
 * @param out T × n, written
 */
export function tradedReserves(
  { rows, assets: n, values }: PricePath,
  weights: Float64Array,
  initial: Float64Array,
  terms: TradingTerms,
  out: Float64Array,
): Traded {
  const moving = weights.length > n;
  const reserves = Float64Array.from(initial);
  const changes = new Float64Array(n);
  const traded: Traded = { fees: 0, arbitrages: 0 };
  const trades = new Map<number, ExternalTrade[]>();
  for (const trade of terms.trades) trades.set(trade.row, [...(trades.get(trade.row) ?? []), trade]);
  const weightsOf = (row: number) => (moving ? weights.subarray(row * n, (row + 1) * n) : weights);

  const arbitrage = (at: Float64Array, prices: Float64Array, row: number): boolean => {
    const fee = terms.fees(row);
    const profit = terms.arbitrage!(reserves, at, prices, 1 - fee, changes);
    if (profit <= 0) return false;
    let volume = 0;
    let value = 0;
    let paidIn = 0;
    for (let i = 0; i < n; i++) {
      volume += Math.abs(changes[i]) * prices[i];
      paidIn += Math.max(changes[i], 0) * prices[i];
      value += (reserves[i] + changes[i]) * prices[i];
    }
    if (profit - terms.gas(row) < 0.5 * terms.arbitrageFees(row) * volume) return false;
    const kept = fee * (1 - terms.protocolShare);
    const grown = 1 + (terms.noise * kept * paidIn) / value;
    for (let i = 0; i < n; i++)
      reserves[i] = (reserves[i] + changes[i]) * grown - Math.max(changes[i], 0) * fee * terms.protocolShare;
    traded.fees += fee * paidIn * (1 + terms.noise);
    return true;
  };

  for (let row = 0, at = 0; row < rows; row++, at += n) {
    const prices = values.subarray(at, at + n);
    const own = weightsOf(row);
    let moved = false;
    if (terms.arbitrage !== undefined)
      moved = arbitrage(moving ? weightsOf(Math.max(0, row - 1)) : own, prices, row);
    for (const { tokenIn, tokenOut, amountIn } of trades.get(row) ?? []) {
      const fee = terms.fees(row);
      const ratio = reserves[tokenIn] / (reserves[tokenIn] + (1 - fee) * amountIn);
      reserves[tokenOut] *= ratio ** (own[tokenIn] / own[tokenOut]);
      reserves[tokenIn] += amountIn * (1 - fee * terms.protocolShare);
      traded.fees += fee * amountIn * prices[tokenIn];
    }
    if (moving && terms.arbitrage !== undefined) moved = arbitrage(own, prices, row) || moved;
    if (moved) traded.arbitrages++;
    out.set(reserves, at);
  }
  return traded;
}
