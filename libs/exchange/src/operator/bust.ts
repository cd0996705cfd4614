import {
  formatDecimal,
  formatMoney,
  MONEY_DECIMALS,
  parseDecimal,
  partsOf,
  SIZE_DECIMALS,
} from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import type { BookedLeg, BookEvent, TradeBooked, TradeBusted } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
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

/** Marks and books that a trade is taken back from. */
export interface BustedBooks {
  readonly marks: MarkKeeper;
  readonly ledger: ExchangeLedger;
  readonly equityOf: (account: string) => bigint;
}

/**
 * Takes a trade back: the same legs the other way at the prices they had, with the premia that nobody has
 * earned yet, the exchange's part of a penalty, and a debt that the pool has borne. Funding, premia earned while the trade stood, and the
 * liquidator's part of a penalty stay paid: a provider who earned them may have withdrawn them since. Collateral that was released to the
 * trader goes back as far as the trader's equity covers it.
 *
 * @param equityOf an account's equity at marks, money
 * @throws {InvalidInputError} for a trade that the journal does not have, that was taken back before, or one in a market that was
 *   rescaled or delisted since
 */
export function busted(
  { marks, ledger, equityOf }: BustedBooks,
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
  const traded = {
    at: booked.at,
    riskPremium: parseDecimal(booked.riskPremium, MONEY_DECIMALS, 'riskPremium'),
    liquidityPremium: parseDecimal(booked.liquidityPremium, MONEY_DECIMALS, 'liquidityPremium'),
  };
  const { riskPremium, liquidityPremium } = ledger.unearned(traded, at);
  const penalty = sum([booked.penalty ?? '0']) - sum([booked.toLiquidator ?? '0']);
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
    traded: {
      at: booked.at,
      riskPremium: booked.riskPremium,
      liquidityPremium: booked.liquidityPremium,
    },
    riskPremium: formatMoney(riskPremium),
    liquidityPremium: formatMoney(liquidityPremium),
    penalty: formatMoney(penalty),
    debt: formatMoney(sum(debt)),
    collateral: formatMoney(returned(sum(collateral), equityOf(partsOf(account).account))),
    ...{ by, reason },
  };
}

/** The part of the collateral that the trader's equity covers: more would leave a debt that no position backs. */
function returned(collateral: bigint, equity: bigint): bigint {
  if (equity <= 0n) return 0n;
  return collateral < equity ? collateral : equity;
}

function sum(amounts: readonly string[]): bigint {
  return amounts.reduce((total, text) => total + parseDecimal(text, MONEY_DECIMALS, 'amount'), 0n);
}
