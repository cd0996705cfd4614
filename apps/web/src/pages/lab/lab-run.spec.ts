import { describe, expect, it } from 'vitest';
import { labRunOf, worstBar } from './lab-run.js';

const lines = (...events: object[]) => events.map((event) => JSON.stringify(event)).join('\n');
const capital = (bar: number, exchange: number, liquidity: number) => ({
  ...{ kind: 'capital', bar, time: bar * 1000, exchange, liquidity, undercapitalised: 0 },
  ...{ referenceMargin: 0.05, gross: 900, index: 1 - bar / 10 },
});

describe('a run of the lab', () => {
  it('is summed up bar by bar, with what happened in each', () => {
    const text = lines(
      { kind: 'traded', bar: 0, time: 0, account: 'a', market: 'X', notional: 100, cost: 1 },
      capital(0, 10, -5),
      { kind: 'liquidated', bar: 1, time: 1000, account: 'a', market: 'X', notional: 70, cost: 2 },
      { kind: 'bankrupt', bar: 1, time: 1000, account: 'a', loss: 8 },
      capital(1, -3, 1),
    );
    expect(labRunOf(text)).toMatchObject([
      { bar: 0, exchange: 10, liquidity: -5, liquidated: 0, events: [] },
      {
        bar: 1,
        exchange: 7,
        liquidity: -4,
        liquidated: 70,
        badDebt: 8,
        gross: 900,
        index: 0.9,
        accounts: 1,
        events: ['a liquidated X 70', 'a bankrupt  8'],
      },
    ]);
  });

  it('begins at the bar in which most was closed', () => {
    const closed = (bar: number, notional: number) => ({
      ...{ kind: 'liquidated', bar, time: bar * 1000, account: 'a', market: 'X', notional, cost: 0 },
    });
    const bars = labRunOf(
      lines(closed(0, 10), capital(0, 0, 0), closed(1, 90), capital(1, 0, 0), capital(2, 0, 0)),
    );
    expect([worstBar(bars), worstBar(bars.slice(2)), worstBar([])]).toEqual([1, 0, 0]);
  });

  it.each([
    ['{"kind":"capital","bar":0}\nnot json', 'line 2 is not JSON'],
    ['[1]', 'line 1 is not an event of the lab'],
    ['', 'there is no bar in it'],
  ])('refuses %j', (text, why) => {
    expect(() => labRunOf(text)).toThrow(why);
  });
});
