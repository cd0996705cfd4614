import { describe, expect, it } from 'vitest';
import { type PriceHistory, TradeFlow } from './trade-flow.js';

const OPTIONS = { seed: 7, accounts: 10, tradesPerBar: 20, firstBar: 30, medianNotional: 10_000 };
const MARKETS = ['A', 'B', 'C'];
const prices = (bar: number) => [String(100 + bar), '50', String(10 + (bar % 3))];
/** Market C is listed at bar 60. */
const listedLater: PriceHistory = (bar) => (bar < 60 ? [...prices(bar).slice(0, 2), undefined] : prices(bar));

describe(TradeFlow, () => {
  const flow = new TradeFlow(OPTIONS, MARKETS);
  const marketsOf = (bar: number, history: PriceHistory) =>
    new Set(flow.tradesAt(bar, history).map(({ legs }) => legs[0].market));

  it('opens nothing in a market that is not listed, and a day after it is', () => {
    expect(marketsOf(40, prices)).toEqual(new Set(MARKETS));
    expect(marketsOf(40, listedLater)).toEqual(new Set(['A', 'B']));
    // The trend of a day needs a day of prices.
    expect(marketsOf(83, listedLater)).toEqual(new Set(['A', 'B']));
    expect(marketsOf(84, listedLater)).toEqual(new Set(MARKETS));
  });

  it('trades the other markets as it would otherwise', () => {
    const others = (history: PriceHistory) =>
      flow.tradesAt(40, history).filter(({ legs }) => legs[0].market !== 'C');
    expect(others(listedLater)).toEqual(others(prices));
    const collateral = flow.accountCommandsAt(40, listedLater);
    expect(flow.accountCommandsAt(40, prices)).toEqual(expect.arrayContaining(collateral));
  });
});
