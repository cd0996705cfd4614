import {
  magnitude,
  MONEY_DECIMALS,
  notionalOf,
  parseDecimal,
  positive,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
} from '#lib/amounts';
import type { BankruptcySettled, DustClosed, MatchBooked, TradeBooked } from '../book-event.js';
import type { Books } from '../books.js';
import { tradePosition } from '../position.js';
import { credit, creditLoss } from '../waterfall.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

export function bookTrade(books: Books, event: TradeBooked): void {
  let cash = 0n;
  for (const leg of event.legs) cash += bookLeg(books, event.account, leg);
  const riskPremium = money(event.riskPremium, 'riskPremium');
  const liquidityPremium = money(event.liquidityPremium, 'liquidityPremium');
  const penalty = money(event.penalty ?? '0', 'penalty');
  books.addCash(event.account, cash - riskPremium - liquidityPremium - penalty);
  books.pendingCapital.collect(event.at, riskPremium);
  books.pendingLiquidity.collect(event.at, liquidityPremium);
  if (event.liquidator === undefined) credit(books, penalty);
  else {
    const share = money(event.toLiquidator ?? '0', 'toLiquidator');
    books.addCash(event.liquidator, share);
    books.creditReserve += penalty - share;
    const paid = money(event.fromReserve ?? '0', 'fromReserve');
    books.creditReserve -= paid;
    books.addCash(event.liquidator, paid);
  }
  books.collected.riskPremia += riskPremium;
  books.collected.liquidityPremia += liquidityPremium;
  books.collected.penalties += penalty;
  books.collected.trades++;
}

/** Fills of two accounts enter and leave at one price: the price at which one realises is the other's entry, and the pool is as it was. */
export function bookMatch(books: Books, event: MatchBooked): void {
  let fees = 0n;
  for (const { account, legs, releases = [], ...paid } of event.accounts) {
    let cash = 0n;
    for (const leg of legs) cash += bookLeg(books, account, leg);
    const fee = money(paid.fee, 'fee');
    const riskPremium = money(paid.riskPremium, 'riskPremium');
    const liquidityPremium = money(paid.liquidityPremium, 'liquidityPremium');
    books.addCash(account, cash - fee - riskPremium - liquidityPremium);
    books.pendingCapital.collect(event.at, riskPremium);
    books.pendingLiquidity.collect(event.at, liquidityPremium);
    books.collected.riskPremia += riskPremium;
    books.collected.liquidityPremia += liquidityPremium;
    for (const reservationId of releases) books.release(account, reservationId);
    fees += fee;
  }
  if (event.planId !== undefined) useTakeover(books, event);
  if (fees !== 0n) books.addCash(event.feeAccount, fees);
  books.collected.tradingFees += fees;
  books.collected.matches++;
}

/** The liquidator's account, the second one of the match, has taken over a part of what it accepted. */
function useTakeover(books: Books, { accounts: [, taker] }: MatchBooked): void {
  const { notional, discount } = books.takeovers.get(taker.account) ?? { notional: 0n, discount: 0 };
  const legs = taker.legs.map(({ size, price }) => ({
    size: parseDecimal(size, SIZE_DECIMALS, 'size'),
    price: parseDecimal(price, PRICE_DECIMALS, 'price'),
  }));
  books.acceptTakeovers(taker.account, notional - takenOver(legs), discount);
}

/** Notional of legs at their prices, each rounded up. */
export function takenOver(legs: readonly { readonly size: bigint; readonly price: bigint }[]): bigint {
  return legs.reduce((sum, { size, price }) => sum + notionalOf(magnitude(size), price, 'up'), 0n);
}

/** A remainder too small to trade is closed at the mark: no premium, no command's trade. */
export function closeDust(books: Books, event: DustClosed): void {
  books.addCash(event.account, bookLeg(books, event.account, event));
}

export function settleBankruptcy(books: Books, event: BankruptcySettled): void {
  const loss = money(event.loss, 'loss');
  books.addCash(event.account, loss);
  creditLoss(books, loss);
  books.collected.bankruptcies += loss;
}

/** @returns money that the leg brings the account: realised profit less the funding it owed */
export function bookLeg(
  books: Books,
  account: string,
  leg: { readonly market: string; readonly size: string; readonly price: string },
): bigint {
  const market = books.openMarket(leg.market);
  const held = books.settled(account, leg.market, market);
  market.unsettledFunding -= held.charge;
  books.unsettledFunding -= held.charge;
  const { position, realisedPnl } = tradePosition(
    held.position,
    parseDecimal(leg.size, SIZE_DECIMALS, 'size'),
    parseDecimal(leg.price, PRICE_DECIMALS, 'price'),
  );
  market.size += position.size - held.position.size;
  market.longSize += positive(position.size) - positive(held.position.size);
  market.entryNotional += position.entryNotional - held.position.entryNotional;
  const { size, entryNotional } = position;
  books.setPosition(account, leg.market, { size, entryNotional, fundingIndex: market.fundingIndex });
  credit(books, -realisedPnl);
  // Without positions nobody owes or is owed: the rest of rounded funding is the pool's, or was paid by it.
  if (market.size === 0n && market.longSize === 0n && market.unsettledFunding !== 0n) {
    credit(books, -market.unsettledFunding);
    books.unsettledFunding -= market.unsettledFunding;
    market.unsettledFunding = 0n;
  }
  return realisedPnl - held.charge;
}
