import { formatDecimal, formatMoney, MONEY_DECIMALS, parseDecimal, SIZE_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import type { BookedLeg, BookEvent, TradeBooked, TradeBusted } from '../book/book-event.js';
import type { MarkKeeper } from '../marks/mark-keeper.js';
import type { MarketOrder } from '../marks/market-order.js';

/** A trade as the journal has it, with the events of its decision. */
export interface JournalledTrade {
  readonly booked: TradeBooked;
  /** events after it that its own command has made: dust, a debt borne by the pool, collateral given back */
  readonly followed: readonly BookEvent[];
  readonly busted: boolean;
}

/**
 * The events of a trade's own decision among those that were journalled after it. Charges for default options come between: they stay
 * paid, as funding does.
 *
 * @param next committed with the trade, after it
 */
export function followersOf({ account }: TradeBooked, next: readonly BookEvent[]): BookEvent[] {
  const followed: BookEvent[] = [];
  for (const event of next) {
    if (event.kind === 'credit-charged') continue;
    const own =
      event.kind === 'dust-closed' || event.kind === 'bankruptcy-settled'
        ? event.account === account
        : event.kind === 'collateral-moved' && event.commandId === null && event.from === account;
    if (!own) break;
    followed.push(event);
  }
  return followed;
}

/**
 * Takes a trade back: the same legs the other way at the prices they had, with the premia and the penalty that were paid and a debt
 * that the pool had borne. Funding that was accrued in between stays paid.
 *
 * @throws {InvalidInputError} for a trade that the journal does not have, that was taken back before, or one in a market that was
 *   rescaled or delisted since
 */
export function busted(
  marks: MarkKeeper,
  { trade: key, by, reason }: MarketOrder,
  journalled: JournalledTrade | undefined,
  at: number,
): TradeBusted {
  if (key === undefined)
    throw new InvalidInputError('trade', 'is needed: account, id and topic of the trade');
  if (journalled?.booked.account !== key.account)
    throw new InvalidInputError('trade', `${key.account} has no booked trade ${key.id} in ${key.of}`);
  if (journalled.busted) throw new InvalidInputError('trade', `${key.id} was taken back already`);
  const { booked, followed } = journalled;
  const { account } = booked;
  const dust = followed.flatMap((event) =>
    event.kind === 'dust-closed' && event.account === account ? [event] : [],
  );
  const legs = [...booked.legs, ...dust];
  for (const { market } of legs) {
    if (marks.mode(market) === 'closed') throw new InvalidInputError('trade', `${market} was delisted since`);
    // At the same moment too: the order of both is not known here.
    if (marks.termsSince(market) >= booked.at)
      throw new InvalidInputError(
        'trade',
        `${market} was rescaled or delisted since: book what is owed as a trade`,
      );
  }
  const debt = followed.flatMap((event) =>
    event.kind === 'bankruptcy-settled' && event.account === account ? [event.loss] : [],
  );
  const collateral = followed.flatMap((event) =>
    event.kind === 'collateral-moved' && event.commandId === null && event.from === account
      ? [event.amount]
      : [],
  );
  return {
    ...{ kind: 'trade-busted', at, tradeId: booked.tradeId, account },
    ...(booked.planId === undefined ? {} : { planId: booked.planId }),
    legs: legs.map(({ market, size, price }): BookedLeg => {
      return {
        market,
        size: formatDecimal(-parseDecimal(size, SIZE_DECIMALS, 'size'), SIZE_DECIMALS),
        price,
      };
    }),
    riskPremium: booked.riskPremium,
    liquidityPremium: booked.liquidityPremium,
    penalty: booked.penalty ?? '0',
    debt: sum(debt),
    collateral: sum(collateral),
    ...{ by, reason },
  };
}

function sum(amounts: readonly string[]): string {
  return formatMoney(
    amounts.reduce((total, text) => total + parseDecimal(text, MONEY_DECIMALS, 'amount'), 0n),
  );
}
