import { formatMoney, partsOf } from '#lib/amounts';
import type { BookEvent } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';

/**
 * Events for an account whose last position was closed: a debt is the pool's loss, the rest of an
 * isolated position's collateral goes back to its trader.
 */
export function afterTrade(
  ledger: ExchangeLedger,
  marginAccount: string,
  at: number,
  planId: string | undefined,
): BookEvent | undefined {
  if (ledger.hasPositions(marginAccount)) return undefined;
  const cash = ledger.cashOf(marginAccount);
  if (cash < 0n)
    return {
      ...{ kind: 'bankruptcy-settled', at, account: marginAccount, loss: formatMoney(-cash) },
      ...(planId === undefined ? {} : { planId }),
    };
  const { account, market } = partsOf(marginAccount);
  if (market === undefined || cash === 0n) return undefined;
  return {
    ...{ kind: 'collateral-moved', at, commandId: null, from: marginAccount, to: account },
    amount: formatMoney(cash),
  };
}
