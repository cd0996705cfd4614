import { MONEY_DECIMALS, parseDecimal, partsOf, PRICE_DECIMALS } from '#lib/amounts';
import type { GainsCut, NotePaid, PositionsReduced, WindowBegun } from '../book-event.js';
import type { Books } from '../books.js';
import { credit } from '../waterfall.js';
import { bookLeg } from './trades.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

export function beginWindow(books: Books, event: WindowBegun): void {
  books.windows.begin(
    event.at,
    new Map(
      event.marks.map(([market, price]) => [
        market,
        {
          price: parseDecimal(price, PRICE_DECIMALS, 'price'),
          index: books.openMarket(market).fundingIndex,
        },
      ]),
    ),
  );
}

/** Cuts of accounts are the pool's, and owed as notes to their owners: an isolated position's account cannot claim, and ends with it. */
export function cutGains(books: Books, event: GainsCut): void {
  const cuts = event.cuts.map(([account, cut]) => [account, money(cut, 'cut')] as const);
  for (const [account, cut] of cuts) {
    books.addCash(account, -cut);
    credit(books, cut);
    books.collected.haircuts += cut;
  }
  books.notes.issue(
    event.settlementId,
    cuts.map(([account, cut]) => [partsOf(account).account, cut] as const),
  );
}

export function reducePositions(books: Books, event: PositionsReduced): void {
  for (const { account, ...leg } of event.reductions) books.addCash(account, bookLeg(books, account, leg));
}

/** A note gives back what an earlier loss has taken: money from outside, and no gain that the next loss could take again. */
export function payNote(books: Books, event: NotePaid): void {
  const paid = books.notes.claim(event.account);
  books.addCash(event.account, paid);
  books.windows.addInflow(event.account, paid);
}
