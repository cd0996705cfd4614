import { magnitude, MONEY_DECIMALS, PRICE_DECIMALS, toNumber } from '#lib/amounts';
import type { AccountStanding } from '../accounts/account-standing.js';
import { InsufficientMarginError } from '../errors.js';
import type { PricedLeg } from '../trades/trade-price.js';
import type { Exchange } from './exchange.js';

/** Whether every leg makes a position smaller, and none turns it. */
export function reducesOnly(
  { ledger }: Exchange,
  marginAccount: string,
  legs: readonly Pick<PricedLeg, 'name' | 'exactSize'>[],
): boolean {
  return legs.every(({ name, exactSize }) => {
    const { size } = ledger.position(marginAccount, name);
    return size !== 0n && size > 0n !== exactSize > 0n && magnitude(exactSize) <= magnitude(size);
  });
}

/**
 * The charge to an account for a trade it may make. With its initial margin afterwards: the premium. Otherwise at most its
 * equity, so that no premium is booked that nobody pays, and only where its missing margin does not grow: (M′ − E′)⁺ ≤ (M − E)⁺, of
 * the maintenance margin for a trade that makes every position smaller, of the initial margin for any other.
 *
 * @param premium of the trade, money in the books' units
 * @returns at most the premium
 * @throws {InsufficientMarginError}
 * @throws {CreditCapError} where the account, or all, could leave a larger debt than the pool is to bear
 */
export function chargedPremium(
  exchange: Exchange,
  marginAccount: string,
  legs: readonly PricedLeg[],
  premium: bigint,
): bigint {
  const effect = (cost: bigint) => ({
    legs: legs.map(({ name, size, exactPrice }) => ({
      market: name,
      size,
      price: toNumber(exactPrice, PRICE_DECIMALS),
    })),
    cost: toNumber(cost, MONEY_DECIMALS),
  });
  const { accounts } = exchange;
  const full = accounts.standing(marginAccount, effect(premium));
  // With positions left it has more than the premium, by its margin.
  if (full.available >= 0 && full.initialMargin > 0) {
    exchange.credit.requireCaps(marginAccount, () => accounts.standing(marginAccount), full);
    return premium;
  }
  const before = accounts.standing(marginAccount);
  const charged = affordable(exchange, marginAccount, legs, premium);
  const after = accounts.standing(marginAccount, effect(charged));
  const reduces = reducesOnly(exchange, marginAccount, legs);
  const lacking = ({ maintenanceMargin, equity, available }: AccountStanding) =>
    Math.max(0, reduces ? maintenanceMargin - equity : -available);
  // A hair of float64, for who closes: closing everything leaves an equity of a rounding, not of 0. A crumb more is refused.
  const hair = reduces ? 1e-12 * Math.max(1, before.notional) : 0;
  if (lacking(after) > lacking(before) + hair)
    throw new InsufficientMarginError(
      ...([marginAccount, after.equity] as const),
      reduces ? after.maintenanceMargin : after.initialMargin + after.reserved,
    );
  exchange.credit.requireCaps(marginAccount, () => before, after);
  return charged;
}

/** The premium, or the account's equity at the marks after the trade. */
export function affordable(
  { accounts }: Exchange,
  marginAccount: string,
  legs: readonly PricedLeg[],
  premium: bigint,
): bigint {
  const equity = accounts.exactEquity(marginAccount, legs);
  if (equity >= premium) return premium;
  return equity > 0n ? equity : 0n;
}
