import type { AccountTable } from './account-table.js';

/** A position closed at the mark, and its cost. */
export interface Deleveraged {
  readonly account: number;
  readonly market: number;
  /** signed, as traded by the account */
  readonly size: number;
  readonly cut: number;
}

/**
 * Ranked auto-deleveraging: who has most profit times leverage on the other side is closed first, at the bankrupt account's price, until
 * as much is closed as the bankrupt account had. The difference to the mark pays the need, leg by leg in proportion to notional; nobody
 * pays more than there is on the account.
 *
 * @param closed signed sizes of the bankrupt account by market, before it was closed
 * @param need money
 * @returns closed positions, and the unpaid part of the need
 */
export function deleverage(
  table: AccountTable,
  prices: Float64Array,
  closed: Float64Array,
  need: number,
): { closed: Deleveraged[]; unpaid: number } {
  const total = closed.reduce((sum, size, i) => sum + (size === 0 ? 0 : Math.abs(size * prices[i])), 0);
  const done: Deleveraged[] = [];
  let unpaid = need;
  closed.forEach((size, market) => {
    if (size === 0) return;
    const share = (need * Math.abs(size * prices[market])) / total;
    let left = Math.abs(size);
    for (const account of ranked(table, prices, market, -Math.sign(size))) {
      if (left <= 0) break;
      const held = table.size(account, market);
      const taken = Math.min(left, Math.abs(held));
      const asked = (share * taken) / Math.abs(size);
      const cut = Math.max(0, Math.min(asked, table.equity(account, prices)));
      done.push({ account, market, size: -Math.sign(held) * taken, cut });
      unpaid -= cut;
      left -= taken;
    }
  });
  return { closed: done, unpaid: Math.max(0, unpaid) };
}

/** Accounts with a position on a side, by profit share times leverage, the highest first; then by name's order of joining. */
function ranked(table: AccountTable, prices: Float64Array, market: number, side: number): number[] {
  const scores: (readonly [account: number, score: number])[] = [];
  for (let account = 0; account < table.count; account++) {
    const size = table.size(account, market);
    if (size === 0 || Math.sign(size) !== side) continue;
    const notional = size * prices[market];
    const entry = table.entry(account, market);
    const equity = table.equity(account, prices);
    if (equity <= 0) continue;
    const profit = (notional - entry) / Math.abs(entry);
    const leverage = Math.abs(notional) / equity;
    scores.push([account, profit > 0 ? profit * leverage : profit / leverage]);
  }
  return scores.sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([account]) => account);
}
