import { MONEY_DECIMALS, parseDecimal, toNumber } from '#lib/amounts';
import type { BookEvent } from '#lib/exchange';
import type { Listener } from './venue.js';

export const moneyOf = (text: string) =>
  toNumber(parseDecimal(text, MONEY_DECIMALS, 'money'), MONEY_DECIMALS);

/** Tells a book event of the engine as events of the lab; those that only move time or charges are left out. */
export function tellBookEvent(event: BookEvent, tell: Listener): void {
  switch (event.kind) {
    case 'trade-booked': {
      const cost =
        moneyOf(event.riskPremium) + moneyOf(event.liquidityPremium) + moneyOf(event.penalty ?? '0');
      const kind = event.planId === undefined ? 'traded' : 'liquidated';
      event.legs.forEach(({ market, size, price }, i) => {
        const notional = Math.abs(Number(size) * Number(price));
        tell({ kind, account: event.account, market, notional, cost: i === 0 ? cost : 0 });
      });
      return;
    }
    case 'dust-closed': {
      const notional = Math.abs(Number(event.size) * Number(event.price));
      tell({ kind: 'liquidated', account: event.account, market: event.market, notional, cost: 0 });
      return;
    }
    case 'trade-rejected':
    case 'account-rejected':
      tell({ kind: 'refused', account: event.account, code: event.code });
      return;
    case 'liquidity-rejected':
      tell({ kind: 'refused', account: event.provider, code: event.code });
      return;
    case 'bankruptcy-settled':
      tell({ kind: 'bankrupt', account: event.account, loss: moneyOf(event.loss) });
      return;
    case 'gains-cut':
      for (const [account, cut] of event.cuts) tell({ kind: 'haircut', account, amount: moneyOf(cut) });
      return;
    case 'positions-reduced':
      for (const { account, market, size, price } of event.reductions) {
        const notional = Math.abs(Number(size) * Number(price));
        tell({ kind: 'deleveraged', account, market, notional, cut: 0 });
      }
      return;
    case 'account-deposited':
      tell({ kind: 'paid-in', account: event.account, amount: moneyOf(event.amount) });
      return;
    case 'account-withdrawn':
      tell({ kind: 'paid-out', account: event.account, amount: moneyOf(event.amount) });
      if (event.haircut !== undefined)
        tell({ kind: 'haircut', account: event.account, amount: moneyOf(event.haircut) });
      return;
    default:
      return;
  }
}
