import { formatMoney } from '#lib/amounts';
import { CHARGE_SHARE, SMALLEST_CHARGE_MOVE } from '../accounts/charge-threshold.js';
import type { CreditCharged } from '../book/book-event.js';
import type { Exchange } from './exchange.js';

/**
 * The credit charge of an account up to now, and the rate from now on. A rate that has hardly moved goes on, so that most trades
 * and most bars bring no event; with `due` the debt is taken in any case.
 *
 * @returns undefined where nothing is to be booked
 */
export function chargeCredit(
  { ledger, accounts }: Exchange,
  account: string,
  at: number,
  due = false,
): CreditCharged | undefined {
  const { rate: old, owed } = ledger.creditOf(account, at);
  const { rate, solvent } = accounts.creditRate(account);
  const moved = rate > old ? rate - old : old - rate;
  const hardly = moved <= BigInt(SMALLEST_CHARGE_MOVE) || moved * BigInt(CHARGE_SHARE) <= old;
  if (rate === old && owed === 0n) return undefined;
  if (hardly && !(due && owed > 0n) && !(rate === 0n && old > 0n)) return undefined;
  // No charge is booked that nobody pays: at most the account's equity before it.
  const charged = solvent ? owed : lesser(owed, accounts.exactEquity(account) + owed);
  return {
    ...{ kind: 'credit-charged', at, account },
    charged: formatMoney(charged > 0n ? charged : 0n),
    rate: formatMoney(rate),
  };
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
