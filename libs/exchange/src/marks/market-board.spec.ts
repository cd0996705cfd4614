import { describe, expect, it } from 'vitest';
import type { CovariancePayload } from '#lib/messages';
import { equalSources } from '../../../../test/support/price-sources.js';
import { markParameters } from './mark-parameters.js';
import { MarketBoard } from './market-board.js';
import { marketOrderSeal } from './market-order.js';

const HOUR = 3_600_000;
const T0 = Date.UTC(2025, 0, 1);

const FORECAST = {
  ...{ forecastId: 'f', modelVersion: 1, barEnd: T0, horizonMs: HOUR, markets: ['B', 'A'], factors: 0 },
  ...{ loadings: [], factorVariances: [], factorVarianceRates: [] },
  ...{ ownVariances: [4, 1], ownVarianceRates: [4, 1], stale: [] },
  ...{ tailFactors: [{ alpha: 0.01, factor: 1.5 }] },
  warmingUp: [{ market: 'W', bars: 3, needed: 10 }],
  excluded: [{ market: 'X', reason: 'it does not move' }],
} as unknown as CovariancePayload;

let sequence = 0;
const price = (board: MarketBoard, market: string, text: string, time = T0, source?: string) =>
  board.take({ market, price: text, time, sequence: ++sequence, ...(source && { source }) });
const board = (...markets: readonly string[]) => {
  const made = new MarketBoard(markParameters({ orderSecret: 's' }));
  for (const market of markets) price(made, market, '100');
  return made;
};
let issued = T0;
const ordered = (made: MarketBoard, order: 'halt' | 'reduce-only' | 'delist', market: string) => {
  const unsealed = { order, market, by: 'olga', reason: 'a test', issuedAt: ++issued, price: '90' };
  return made.order({ ...unsealed, seal: marketOrderSeal('s', unsealed) });
};
const code = (action: () => unknown) => {
  try {
    action();
    return 'done';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

describe(MarketBoard, () => {
  it('says why nothing can be traded: no mark, no forecast, too little history, left out, not yet in the model', () => {
    const made = board('A', 'W', 'X', 'Z');
    const why = (market: string) => code(() => made.tradable(market, 'reduce'));
    expect(why('unseen')).toMatch(/^unknown-market/);
    expect([why('A'), made.status('A')]).toEqual([expect.stringMatching(/^no-forecast/), 'no-forecast']);
    made.setWarmUp([{ market: 'A', bars: 5, needed: 24 }]);
    expect([why('A'), made.status('A')]).toEqual([
      expect.stringMatching(/^market-warming-up.+5 of 24 bars/),
      'warming-up',
    ]);
    expect([why('W'), made.status('W')]).toEqual([expect.stringMatching(/^no-forecast/), 'no-forecast']);
    expect(made.warmUp).toEqual([{ market: 'A', bars: 5, needed: 24 }]);
    made.setForecast(FORECAST);
    expect(why('W')).toMatch(/^market-warming-up.+3 of 10 bars/);
    expect(why('X')).toMatch(/^market-warming-up.+it does not move/);
    expect(why('Z')).toMatch(/^market-warming-up.+next refit/);
    expect([made.status('A'), made.status('W'), made.status('B')]).toEqual(['ok', 'warming-up', 'stale']);
    expect(made.tradable('A', 'reduce')).toMatchObject({ index: 1, mark: { text: '100' } });
  });

  it('permits by quality and mode; a refusal says for how long the market was silent', () => {
    const made = board('A', 'B');
    made.setForecast(FORECAST);
    const may = () => [
      made.permits('A', 'increase'),
      made.permits('A', 'reduce'),
      made.permits('A', 'withdraw'),
    ];
    expect([may(), made.permits('unseen', 'reduce')]).toEqual([[true, true, true], false]);
    expect(
      code(() => {
        made.requirePermitted('unseen', 'reduce');
      }),
    ).toMatch(/^unknown-market/);
    ordered(made, 'reduce-only', 'A');
    expect([may(), made.status('A')]).toEqual([[false, true, true], 'reduce-only']);
    expect(code(() => made.tradable('A', 'increase'))).toMatch(/^market-reduce-only/);
    ordered(made, 'halt', 'A');
    expect([may(), made.status('A')]).toEqual([[false, false, false], 'halted']);
    made.watermark(T0 + 4 * HOUR);
    expect(
      code(() => {
        made.requirePermitted('B', 'reduce');
      }),
    ).toMatch(/^market-stale.+last price 14400 s ago/);
    expect(made.status('B')).toBe('stale');
  });

  it('has the markets that have a mark and are not delisted', () => {
    const made = new MarketBoard(markParameters({ orderSecret: 's', sources: equalSources({ C: 'x y' }) }));
    for (const market of ['B', 'A']) price(made, market, '100');
    // One source of two is no quorum: the market is seen and has no mark.
    price(made, 'C', '100', T0, 'x');
    expect(made.knownMarkets()).toEqual(['A', 'B']);
    ordered(made, 'halt', 'A');
    ordered(made, 'delist', 'A');
    expect([made.knownMarkets(), made.marks.names()]).toEqual([['B'], ['A', 'B', 'C']]);
  });

  it('prices the forecast at the marks, once each of its markets was seen', () => {
    const made = board('A');
    expect([made.priceForecast(0.01), made.markets, made.indexOf('A')]).toEqual([null, [], undefined]);
    made.setForecast(FORECAST);
    expect(made.priceForecast(0.01)).toBeNull();
    price(made, 'B', '7');
    expect(made.priceForecast(0.01)).toMatchObject({ prices: Float64Array.of(7, 100), tailFactor: 1.5 });
    expect(made.priceForecast(0.01)!.returns.own).toEqual(Float64Array.of(4, 1));
    expect([made.markets, made.indexOf('A'), made.indexOf('C'), made.latestForecast]).toEqual([
      ...[['B', 'A'], 1, undefined, FORECAST],
    ]);
    // A forecast that is none leaves the one before in force.
    expect(
      code(() => {
        made.setForecast({ ...FORECAST, ownVariances: [1] });
      }),
    ).toMatch(/^invalid-input/);
    expect(made.latestForecast).toBe(FORECAST);
    const prepared = made.prepareForecast({ ...FORECAST, markets: ['A', 'B'] });
    expect(made.indexOf('A')).toBe(1);
    prepared();
    expect(made.indexOf('A')).toBe(0);
    expect(new MarketBoard(markParameters(), made.snapshot(), FORECAST).priceForecast(0.01)).toMatchObject({
      prices: Float64Array.of(7, 100),
    });
  });

  it('counts all that it takes, held ticks and orders included, and tells its time', () => {
    const made = board('A');
    const { revision } = made;
    expect([made.now, made.nowIso]).toEqual([T0, '2025-01-01T00:00:00.000Z']);
    price(made, 'A', '200', T0 + 1000);
    expect([made.now, made.revision]).toEqual([T0, revision + 1]);
    ordered(made, 'halt', 'A');
    made.setWarmUp([]);
    expect(made.revision).toBe(revision + 3);
    made.watermark(T0 + 2000);
    expect([made.now, made.nowIso]).toEqual([T0 + 2000, '2025-01-01T00:00:02.000Z']);
    made.takeOver(made.snapshot());
    made.setMarkParameters(markParameters({ bandMinimum: 0.5 }));
    expect([made.revision, made.now, made.marks.held('A')?.text]).toEqual([revision + 5, T0 + 2000, '200']);
    // By the wider band the price follows at once.
    price(made, 'A', '150', T0 + 3000);
    expect(made.mark('A')?.text).toBe('150');
  });

  it('tells by how much an average is above the mark, and nothing within rounding', () => {
    const made = new MarketBoard(markParameters({ bandMinimum: 10 }));
    expect(made.drift('A')).toBe(0);
    price(made, 'A', '100', T0);
    price(made, 'A', '100', T0 + 100_000);
    expect(made.drift('A')).toBe(0);
    price(made, 'A', '130', T0 + 200_000);
    made.watermark(T0 + 300_000);
    expect(made.drift('A')).toBeCloseTo(110 - 130, 9);
  });

  it('tells the changes since they were asked for last', () => {
    const made = board('A', 'B');
    expect(made.changes().markets.map(({ market }) => market)).toEqual(['A', 'B']);
    expect(made.changes().markets).toEqual([]);
    price(made, 'B', '100.1', T0 + 1000);
    expect(made.changes().markets.map(({ market }) => market)).toEqual(['B']);
    made.setMarkParameters(markParameters());
    expect(made.changes().markets).toHaveLength(2);
    expect(made.snapshot().markets).toHaveLength(2);
  });
});
