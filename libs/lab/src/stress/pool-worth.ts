import { MONEY_DECIMALS, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import type { ExchangeLedger, MarketBoard } from '#lib/exchange';

/**
 * The worth of P and of L with the open book at marks, money. P counts its pending premia, the credit reserve with the charges that have
 * accrued to it, and the money set aside for notes; L counts its pending premia, less losses past both. The open book's gains are P's; its
 * losses are P's first, then L's.
 */
export function poolWorth(
  ledger: ExchangeLedger,
  board: MarketBoard,
): { readonly exchange: number; readonly liquidity: number } {
  let open = 0;
  for (const market of ledger.marketNames()) {
    const { size, entryNotional } = ledger.market(market);
    const mark = board.mark(market);
    if (mark === undefined) continue;
    open += toNumber(entryNotional, MONEY_DECIMALS) - toNumber(size, SIZE_DECIMALS) * mark.value;
  }
  const exchange = toNumber(
    ledger.capital +
      ledger.pendingToCapital +
      ledger.creditReserve +
      ledger.accruedCredit(board.now) +
      ledger.notes.fund,
    MONEY_DECIMALS,
  );
  const liquidity = toNumber(ledger.liquidity + ledger.pendingToLiquidity - ledger.shortfall, MONEY_DECIMALS);
  const borne = Math.max(0, Math.min(exchange, -open));
  return open >= 0
    ? { exchange: exchange + open, liquidity }
    : { exchange: exchange - borne, liquidity: liquidity + open + borne };
}
