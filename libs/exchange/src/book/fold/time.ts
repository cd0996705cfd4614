import { MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type { FundingAccrued, Vested } from '../book-event.js';
import type { Books } from '../books.js';
import { credit, creditLiquidity } from '../waterfall.js';

export function accrueFunding(books: Books, event: FundingAccrued): void {
  let toCapital = 0n;
  let toLiquidity = 0n;
  for (const [name, risk, liquidity, index] of event.markets) {
    const market = books.openMarket(name);
    const riskPart = parseDecimal(risk, MONEY_DECIMALS, 'risk');
    const liquidityPart = parseDecimal(liquidity, MONEY_DECIMALS, 'liquidity');
    toCapital += riskPart;
    toLiquidity += liquidityPart;
    market.unsettledFunding += riskPart + liquidityPart;
    market.fundingIndex += BigInt(index);
  }
  books.unsettledFunding += toCapital + toLiquidity;
  books.pendingCapital.collect(event.at, toCapital);
  books.pendingLiquidity.collect(event.at, toLiquidity);
  books.collected.riskFunding += toCapital;
  books.collected.liquidityFunding += toLiquidity;
}

export function vest(books: Books, event: Vested): void {
  const vested = books.pendingCapital.vest(event.at);
  // Above the shortfall, half goes to accounts whose gains were cut: set aside below it, the amount would be missing again.
  const left = vested - books.shortfall;
  credit(books, vested - books.notes.repay(left > 0n ? left / 2n : 0n));
  creditLiquidity(books, books.pendingLiquidity.vest(event.at));
}
