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
 * The book θ over the forecast's markets. What is open in a market without a forecast has no variance to add; its
 * gain or loss at the mark is a certain amount and is taken off the capital.
 */
export function poolBook(board: MarketBoard, amounts: PoolAmounts): Book {
  const index = new Map(board.markets.map((market, i) => [market, i]));
  const signedSizes = new Float64Array(index.size);
  const entryNotionals = new Float64Array(index.size);
  let certain = 0n;
  for (const { market, size, entryNotional } of amounts.markets) {
    const at = index.get(market);
    if (at !== undefined) {
      signedSizes[at] = toNumber(size, SIZE_DECIMALS);
      entryNotionals[at] = toNumber(entryNotional, MONEY_DECIMALS);
      continue;
    }
    const mark = board.mark(market);
    if (mark !== undefined) certain += notionalOf(size, mark.price, 'nearest') - entryNotional;
  }
  return {
    signedSizes,
    entryNotionals,
    capital: toNumber(amounts.capital - amounts.shortfall - certain, MONEY_DECIMALS),
    liquidity: toNumber(amounts.liquidity, MONEY_DECIMALS),
    pendingPremia: toNumber(amounts.pending, MONEY_DECIMALS),
  };
}
