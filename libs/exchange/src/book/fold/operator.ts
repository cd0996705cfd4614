import { MONEY_DECIMALS, parseDecimal, partsOf, positive, SIZE_DECIMALS } from '#lib/amounts';
import type { MarketDelisted, MarketRescaled, PositionsSettled, TradeBusted } from '../book-event.js';
import type { Books } from '../books.js';
import { credit } from '../waterfall.js';
import { bookLeg } from './trades.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

/** Funding up to now is taken at the old unit; entry notionals stay, being money. */
export function rescale(books: Books, event: MarketRescaled): void {
  const market = books.openMarket(event.market);
  for (const [account, sizeText, cashText, releasedText] of event.accounts) {
    const size = parseDecimal(sizeText, SIZE_DECIMALS, 'size');
    const cash = money(cashText, 'cash');
    const released = money(releasedText, 'released');
    const { position, charge } = books.settled(account, event.market, market);
    market.unsettledFunding -= charge;
    books.unsettledFunding -= charge;
    const entryNotional = position.entryNotional - released;
    market.size += size - position.size;
    market.longSize += positive(size) - positive(position.size);
    market.entryNotional -= released;
    books.setPosition(account, event.market, { size, entryNotional, fundingIndex: market.fundingIndex });
    books.addCash(account, cash - charge);
    credit(books, -cash);
  }
  if (event.last) market.scale *= Number(event.factor);
}

export function settlePositions(books: Books, event: PositionsSettled): void {
  for (const [account, size] of event.accounts)
    books.addCash(account, bookLeg(books, account, { market: event.market, size, price: event.price }));
}

/** The remainder of rounded funding in the market is the pool's, or was paid by it. */
export function delist(books: Books, event: MarketDelisted): void {
  const funding = money(event.funding, 'funding');
  books.unsettledFunding -= funding;
  books.markets.delete(event.market);
  credit(books, -funding);
}

/** Gives pending premia back. P and L keep the part that they have earned: they bore the trade's risk meanwhile. */
export function bust(books: Books, event: TradeBusted): void {
  const { account } = event;
  const riskPremium = money(event.riskPremium, 'riskPremium');
  const liquidityPremium = money(event.liquidityPremium, 'liquidityPremium');
  const penalty = money(event.penalty, 'penalty');
  const debt = money(event.debt, 'debt');
  const collateral = money(event.collateral, 'collateral');
  if (collateral !== 0n) {
    books.addCash(partsOf(account).account, -collateral);
    books.addCash(account, collateral);
    books.windows.addInflow(partsOf(account).account, -collateral);
    books.windows.addInflow(account, collateral);
  }
  let cash = 0n;
  for (const leg of event.legs) cash += bookLeg(books, account, leg);
  books.addCash(account, cash + riskPremium + liquidityPremium + penalty - debt);
  const { at, ...traded } = event.traded;
  books.pendingCapital.takeBack(at, riskPremium);
  books.pendingLiquidity.takeBack(at, money(traded.liquidityPremium, 'liquidityPremium'), event.at);
  credit(books, debt - penalty);
  const { collected } = books;
  collected.riskPremia -= riskPremium;
  collected.liquidityPremia -= liquidityPremium;
  collected.penalties -= penalty;
  collected.bankruptcies -= debt;
  collected.trades--;
}
