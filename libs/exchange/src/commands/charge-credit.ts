import { formatMoney, MONEY_DECIMALS } from '#lib/amounts';
import {
  CHARGE_SHARE,
  DEBT_SHARE,
  MISSTATED_SHARE,
  SMALLEST_CHARGE_MOVE,
} from '../accounts/charge-threshold.js';
import type { CreditCharged } from '../book/book-event.js';
import type { Exchange } from './exchange.js';

const HOUR_MS = 3_600_000;
const UNITS = 10 ** MONEY_DECIMALS;

/**
 * The credit charge of an account up to now, which is market time, and the rate from now on. A rate that has hardly moved goes on, so that most trades
 * bring no event; while marks alone pass, one that has moved goes on as well until the difference matters (charge-threshold.ts).
 *
 * @param touched whether a command has changed the account; otherwise a pass has come to it
 * @returns undefined where nothing is to be booked
 */
export function chargeCredit(
  { ledger, accounts }: Exchange,
  account: string,
  at: number,
  touched: boolean,
): CreditCharged | undefined {
  const { rate: old, owed } = ledger.creditOf(account, at);
  const { rate, equity, solvent } = accounts.creditRate(account, owed);
  if (rate === old && owed === 0n) return undefined;
  const moved = rate > old ? rate - old : old - rate;
  const hardly = moved <= BigInt(SMALLEST_CHARGE_MOVE) || moved * BigInt(CHARGE_SHARE) <= old;
  const ends = rate === 0n && old > 0n;
  if (!ends && (touched ? hardly : !isMaterial())) return undefined;
  // No charge is booked that nobody pays: at most the account's equity before it.
  const charged = solvent ? owed : lesser(owed, accounts.exactEquity(account) + owed);
  return {
    kind: 'credit-charged',
    at,
    account,
    charged: formatMoney(charged > 0n ? charged : 0n),
    rate: formatMoney(rate),
  };

  function isMaterial(): boolean {
    const units = equity * UNITS;
    if (Number(owed) > DEBT_SHARE * units && units > 0) return true;
    if (hardly) return false;
    const since = ledger.creditRateOf(account)?.since ?? -Infinity;
    return (Number(moved) * Math.max(0, at - since)) / HOUR_MS > MISSTATED_SHARE * units;
  }
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
