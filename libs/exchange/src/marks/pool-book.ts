import { MONEY_DECIMALS, notionalOf, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import type { Book } from '#lib/risk';
import type { MarketBoard } from './market-board.js';

/** The pool's exact amounts, as the ledger has them. */
export interface PoolAmounts {
  readonly markets: Iterable<{
    readonly market: string;
    readonly size: bigint;
    readonly entryNotional: bigint;
  }>;
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly pending: bigint;
  readonly shortfall: bigint;
}

/**
 * The book θ over the forecast's markets. Positions in a market without a forecast have no variance to add; its
 * gain or loss at the mark is a certain amount and is taken off the capital.
 */
export function poolBook(board: MarketBoard, amounts: PoolAmounts): Book {
  const signedSizes = new Float64Array(board.markets.length);
  const entryNotionals = new Float64Array(board.markets.length);
  const markets = [...amounts.markets];
  for (const { market, size, entryNotional } of markets) {
    const at = board.indexOf(market);
    if (at === undefined) continue;
    signedSizes[at] = toNumber(size, SIZE_DECIMALS);
    entryNotionals[at] = toNumber(entryNotional, MONEY_DECIMALS);
  }
  const { capital, liquidity, pending } = poolCapital(amounts, gainsOutside(board, markets));
  return { signedSizes, entryNotionals, capital, liquidity, pendingPremia: pending };
}

/** Traders' gains at marks in markets without a forecast. */
export function gainsOutside(board: MarketBoard, markets: PoolAmounts['markets']): bigint {
  let certain = 0n;
  for (const { market, size, entryNotional } of markets) {
    const mark = board.indexOf(market) === undefined ? board.mark(market) : undefined;
    if (mark !== undefined) certain += notionalOf(size, mark.price, 'nearest') - entryNotional;
  }
  return certain;
}

/** P, L and pending amounts in floats, less the traders' certain gains. */
export function poolCapital(
  { capital, liquidity, pending, shortfall }: Omit<PoolAmounts, 'markets'>,
  certain: bigint,
): { capital: number; liquidity: number; pending: number } {
  return {
    capital: toNumber(capital - shortfall - certain, MONEY_DECIMALS),
    liquidity: toNumber(liquidity, MONEY_DECIMALS),
    pending: toNumber(pending, MONEY_DECIMALS),
  };
}
