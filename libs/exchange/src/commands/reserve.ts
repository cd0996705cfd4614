import { formatMoney, fromNumber, MONEY_DECIMALS, notionalOf, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import type { AccountPayload } from '#lib/messages';
import type { MarginReleased, MarginReserved } from '../book/book-event.js';
import { InsufficientMarginError, ReservationError, UnknownAccountError } from '../errors.js';
import { nettedLegs } from '../trades/netted-legs.js';
import type { Exchange } from './exchange.js';
import { requireLimits } from './limits.js';

type Reserve = Extract<AccountPayload, { kind: 'reserve' }>;
type Release = Extract<AccountPayload, { kind: 'release' }>;

/** Reservations an account may have at once. */
const MOST_RESERVATIONS = 256;
/** of money */
const SMALLEST_UNIT = 10 ** -MONEY_DECIMALS;

/**
 * Reserves the equity that an account's orders would need if they were filled, as far as a fill may be from the mark: the margin they
 * add, their fees, and their immediate losses. The account can use the rest of its equity meanwhile. The margin is the most that these
 * orders add to the account as it is, to it with all earlier buys, with all earlier sells, and with both: so that many orders, of which each
 * by itself makes a position smaller or hedges it, are not free together; and an order stays margined when another one is released.
 *
 * @throws {UnknownAccountError} for an account without money
 * @throws {InvalidInputError} for an order of nothing
 * @throws {ReservationError} for one reservation too many
 * @throws {InsufficientMarginError} where less than that is available
 */
export function reserve(exchange: Exchange, command: Reserve, at: number): MarginReserved {
  const { commandId, account } = command;
  const { accounts, board, ledger, parameters } = exchange;
  // Whoever has nothing could otherwise make any number of accounts with reservations of nothing.
  if (!ledger.hasAccount(account)) throw new UnknownAccountError(account);
  if (ledger.reservationCount(account) >= MOST_RESERVATIONS)
    throw new ReservationError(account, `has ${MOST_RESERVATIONS} reservations, which is the most`);
  const { fees } = parameters.rules.parameters;
  const legs = nettedLegs(command.legs).map(({ market, size }, i) => {
    if (size === 0n) throw new InvalidInputError(`legs.${i}.size`, 'must not be zero');
    const { mark } = board.tradable(market, 'increase');
    return { market, size: toNumber(size, SIZE_DECIMALS), exactSize: size, mark };
  });
  requireLimits(
    exchange,
    account,
    legs.map(({ market, exactSize }) => ({ name: market, exactSize })),
  );
  const cost = legs.reduce((sum, { market, size, mark }) => {
    const { taker } = fees.markets[market] ?? fees.default;
    return (
      sum +
      Math.abs(size) *
        mark.value *
        (fees.largestDeviation + Math.max(0, taker * (fees.accounts[account] ?? 1)))
    );
  }, 0);
  const before = accounts.standing(account);
  const own = legs.map(({ market, size, mark }) => ({ market, size, price: mark.value }));
  const { buys, sells } = ledger.reservedOrders(account);
  const earlierOrders = [[...buys], [...sells], [...buys, ...sells]].filter(
    ({ length }, i) => length > 0 && (i < 2 || (buys.size > 0 && sells.size > 0)),
  );
  let added = 0;
  for (const earlier of [[], ...earlierOrders]) {
    const filled = earlier.flatMap(([market, notional]) => {
      const price = board.mark(market)?.value;
      return price === undefined ? [] : [{ market, size: toNumber(notional, MONEY_DECIMALS) / price, price }];
    });
    const without =
      filled.length === 0
        ? before.initialMargin
        : accounts.standing(account, { legs: filled, cost: 0 }).initialMargin;
    const all = accounts.standing(account, { legs: [...filled, ...own], cost: 0 });
    added = Math.max(added, all.initialMargin - without);
  }
  const needed = cost + added;
  if (needed > before.available)
    throw new InsufficientMarginError(
      account,
      before.equity,
      before.initialMargin + before.reserved + needed,
    );
  // A unit at least: what reserves nothing could not be told from what is not there.
  const amount = fromNumber(Math.max(needed, SMALLEST_UNIT), MONEY_DECIMALS, 'up', 'reserve');
  return {
    ...{ kind: 'margin-reserved', at, commandId, account, amount: formatMoney(amount) },
    legs: legs.map(({ market, exactSize, mark }) => [
      market,
      formatMoney(notionalOf(exactSize, mark.price, 'nearest')),
    ]),
  };
}

/** @throws {ReservationError} for one that is not there */
export function release({ ledger }: Exchange, command: Release, at: number): MarginReleased {
  const { commandId, account, reservationId } = command;
  if (!ledger.hasReservation(account, reservationId))
    throw new ReservationError(account, `has no reservation ${reservationId}`);
  const amount = ledger.reservedBy(account, [reservationId]);
  return { kind: 'margin-released', at, commandId, account, reservationId, amount: formatMoney(amount) };
}
