import { describe, expect, it } from 'vitest';
import { NoForecastError } from './marks/errors.js';
import { BOOK_EVENTS } from '../../../test/support/book-events.js';
import { ExchangeMachine, HOUR_MS, money, PARAMETERS } from '../../../test/support/exchange-machine.js';
import { PricingEngine } from './pricing-engine.js';

/** L is 100,000; x is long 100 of A, short 50 of B; Z has no forecast, and y has won 5 in it. */
function machine(allocation: 'covariance' | 'paper' = 'covariance'): ExchangeMachine {
  const made = new ExchangeMachine(['A', 'B'], { volatility: 0.03, parameters: { allocation } });
  made.provide('lp', 100_000);
  made.deposit('x', 100_000);
  made.trade('x', { A: 100, B: -50 });
  made.engine.take({ market: 'Z', price: '10', time: made.time, sequence: 1 });
  const booked = (size: string, price: string) =>
    made.ledger.apply({
      ...BOOK_EVENTS['trade-booked'],
      at: made.time,
      account: 'y',
      legs: [{ market: 'Z', size, price }],
    });
  booked('5', '9');
  made.engine.standing.booked('Z');
  return made;
}

describe('the standing book', () => {
  it('is published with its risk, its sizes and the pool’s amounts', () => {
    const { engine, ledger, time } = machine();
    const { assessment, forecast, book } = engine.assessment();
    expect(engine.standing.riskRecord()).toEqual({
      ...{
        at: time,
        forecastId: 'f1',
        riskMeasure: assessment.riskMeasure,
        tailFactor: 1,
        entropicValueAtRisk: assessment.risk.value,
      },
      ...{ mean: assessment.exposure.mean, volatility: assessment.exposure.volatility },
      ...{
        capital: '0',
        liquidity: '100000',
        shortfall: '0',
        pending: (Number(ledger.pendingToCapital) / 1e8).toString(),
      },
    });
    const record = engine.standing.record();
    expect(record).toMatchObject({
      ...{
        at: time,
        forecastId: 'f1',
        markets: ['A', 'B'],
        sizes: ['100', '-50'],
        notionals: [10_000, -5000],
      },
      // Gains of 5 in a market without a forecast are certain: they are taken off the capital.
      ...{
        entry: 5000,
        capital: -5,
        liquidity: 100_000,
        pending: book.pendingPremia,
        alpha: 0.01,
        tailFactor: 1,
      },
      ...{ entropicValueAtRisk: assessment.risk.value, riskMeasure: assessment.riskMeasure },
      ...{ mean: assessment.exposure.mean, volatility: assessment.exposure.volatility },
    });
    // The pool is short of 10,000 and long of 5,000, at a correlation of one half.
    const variance = 10_000 ** 2 + 5000 ** 2 - 10_000 * 5000;
    expect(record.volatility).toBeCloseTo(0.03 * Math.sqrt(variance), 6);
    expect(Array.from(forecast.prices)).toEqual([100, 100]);
    expect(book.signedSizes).not.toBe(engine.assessment().assessment);
    expect(engine.assessment()).toBe(engine.assessment());
  });

  it('follows marks, trades and the pool’s amounts', () => {
    const made = machine();
    const { engine } = made;
    made.marks({ A: 110 });
    expect(engine.standing.record()).toMatchObject({ notionals: [11_000, -5000], capital: -5 });
    engine.take({ market: 'Z', price: '11', time: made.time, sequence: 2 });
    expect(engine.standing.record().capital).toBe(-10);
    expect(engine.standing.exactCapital()).toEqual({
      ...{ capital: money(-10), liquidity: made.ledger.liquidity, pending: made.ledger.pendingToCapital },
    });
    made.trade('x', { B: 50 });
    expect(engine.standing.record()).toMatchObject({
      sizes: ['110', '0'].map((_, i) => ['100', '0'][i]),
      entry: 10_000,
    });
    made.provide('lp2', 1000);
    made.marks();
    engine.take({ market: 'Z', price: '11', time: made.time, sequence: 3 });
    expect(engine.standing.record().liquidity).toBeCloseTo(101_000, 0);
  });

  it('prices a trade at its markets’ marks, or the marks of a quote, and keeps the last price', () => {
    const { engine } = machine();
    const price = engine.price([{ market: 'B', size: '3' }]);
    expect(price).toMatchObject({
      ...{ forecastId: 'f1', riskBefore: engine.assessment().assessment.riskMeasure },
      legs: [
        {
          ...{ name: 'B', market: 1, size: 3, exactSize: 300_000_000n, exactPrice: 100n * 10n ** 12n },
          ...{ markText: '100', executionPrice: 100 },
        },
      ],
    });
    // It takes a part of the pool’s hedge away.
    expect(price.riskAfter).toBeGreaterThan(price.riskBefore);
    expect(engine.standing.lastPrice).toBe(price);
    expect(engine.price([{ market: 'B', size: '3' }], ['99']).legs[0]).toMatchObject({
      ...{ exactPrice: 99n * 10n ** 12n, markText: '99', executionPrice: 99 },
    });
    expect(() =>
      engine.price([
        { market: 'A', size: '1' },
        { market: 'B', size: '0' },
      ]),
    ).toThrow('legs.1.size: must not be zero');
    expect(() => engine.price([{ market: 'Z', size: '1' }])).toThrow(/no forecast yet/);
    expect(() => engine.price([{ market: 'A', size: '1e400' }])).toThrow();
  });

  it.each(['covariance', 'paper'] as const)(
    'tells the funding that each market would have after a trade, by the %s allocation',
    (allocation) => {
      const { engine } = machine(allocation);
      const after = (size: string) => {
        const rates: number[] = [];
        engine.standing.price([{ market: 'A', size }], undefined, (market, rate) => {
          rates[market] = rate;
        });
        return rates;
      };
      const now = engine.assessment().funding;
      // A trade of next to nothing changes next to nothing.
      after('0.00000001').forEach((rate, i) => {
        expect(rate).toBeCloseTo(now.risk[i] + now.liquidity[i], 2);
      });
      // Who is long pays more of it where there is more.
      expect(after('50')[0]).toBeGreaterThan(after('-50')[0]);
      expect(now.risk[0] + now.liquidity[0]).toBeGreaterThan(0);
    },
  );

  it.each(['covariance', 'paper'] as const)(
    'owes funding for the time that passed, once, by the %s allocation',
    (allocation) => {
      const made = machine(allocation);
      const { standing } = made.engine;
      made.settle();
      expect(
        standing.settleFunding().map(([market, { risk, liquidity }]) => [market, risk, liquidity]),
      ).toEqual([
        ['A', 0, 0],
        ['B', 0, 0],
      ]);
      standing.passTime(HOUR_MS);
      const [[, a], [, b]] = standing.settleFunding(['A', 'B']);
      expect(a.risk + a.liquidity).toBeGreaterThan(0);
      expect([b.risk, b.liquidity].every(Number.isFinite)).toBe(true);
      expect(standing.settleFunding(['A'])).toEqual([['A', { risk: 0, liquidity: 0 }]]);
      standing.passTime(0);
      standing.passTime(-5);
      expect(standing.settleFunding(['A', 'Z'])).toEqual([['A', { risk: 0, liquidity: 0 }]]);
      standing.passTime(2 * HOUR_MS);
      const [[, twice]] = standing.settleFunding();
      expect((twice.risk + twice.liquidity) / (a.risk + a.liquidity)).toBeCloseTo(2, 6);
    },
  );

  it('has no figures before a forecast and marks of its markets', () => {
    const made = new ExchangeMachine(['A']);
    const engine = new PricingEngine(PARAMETERS, made.restored());
    expect([engine.ready(), engine.standing.snapshot(), engine.standing.settleFunding()]).toEqual([
      false,
      null,
      [],
    ]);
    expect(() => engine.assessment()).toThrow(NoForecastError);
    engine.standing.passTime(1000);
    engine.take({ market: 'A', price: '100', time: made.time, sequence: 1 });
    expect(() => engine.price([{ market: 'A', size: '1' }])).toThrow(NoForecastError);
    engine.board.setWarmUp([{ market: 'A', bars: 3, needed: 24 }]);
    expect(() => engine.price([{ market: 'A', size: '1' }])).toThrow('3 of 24 bars');
    engine.setForecast({ ...made.engine.board.latestForecast!, markets: ['A'] });
    expect([engine.ready(), engine.standing.snapshot() === null]).toEqual([true, false]);
    // A forecast of a market that was never seen waits for its first mark.
    const early = new PricingEngine(PARAMETERS, made.restored());
    early.setForecast(made.engine.board.latestForecast!);
    expect(early.ready()).toBe(false);
    early.take({ market: 'A', price: '100', time: made.time, sequence: 1 });
    expect(early.ready()).toBe(true);
  });
});
