import { describe, expect, it } from 'vitest';
import type { FilterStepPayload, ModelPayload, StandingBookPayload } from '#lib/messages';
import { type CovarianceInput, covarianceRows, dequantise, type PricingInput } from '#lib/proofs';
import { covarianceMatrix, liabilityRisk } from '#lib/risk';
import {
  advanceFilter,
  fitMarketModel,
  goGarchForecast,
  initialFilterState,
  type MarketModelOptions,
} from '#lib/volatility';
import { randomStream } from '#lib/runtime';
import { ModelNotProvableError } from './declared-model.js';
import { EpochComposer, EpochNotProvableError } from './epoch-composer.js';

const BAR = 3_600_000;
const START = 1_700_006_400_000;
const HORIZON = 24;

/** A market of n series that move together, with volatility that comes in bursts. */
function market(n: number, options: MarketModelOptions = { clusters: 'none' }) {
  const random = randomStream(11);
  const length = 400;
  const returns = Array.from({ length: n }, () => new Float64Array(length));
  const variances = new Array<number>(n).fill(1);
  for (let t = 0; t < length; t++) {
    const common = random.normal();
    for (let i = 0; i < n; i++) {
      const shock = 0.6 * common + 0.8 * random.normal();
      returns[i][t] = 0.01 * Math.sqrt(variances[i]) * shock;
      variances[i] = 0.1 + 0.15 * variances[i] * shock * shock + 0.75 * variances[i];
    }
  }
  const markets = returns.map((_, i) => `M${i}`);
  const { model } = fitMarketModel(markets, returns, options);
  const payload: ModelPayload = {
    version: 1,
    fittedOn: START,
    barMs: BAR,
    horizonBars: HORIZON,
    model: { ...model },
  };
  return { model, payload };
}

/** Bars of the filter after the fit, each with a standing book and what the engine makes of it. */
function* bars(given: ReturnType<typeof market>, composer: EpochComposer) {
  const { model } = given;
  const random = randomStream(5);
  let state = initialFilterState(model);
  let prices = model.markets.map((_, i) => 10 ** (i % 4));
  for (let bar = 1; ; bar++) {
    const before = prices;
    prices = before.map((price) => price * Math.exp(0.01 * random.normal()));
    const returns = prices.map((price, i) => Math.log(price / before[i]));
    const from = state;
    state = advanceFilter(model, state, returns);
    const forecastId = `1@${bar}`;
    const step: FilterStepPayload = {
      modelVersion: 1,
      forecastId,
      barEnd: START + bar * BAR,
      markets: [...model.markets],
      before: Array.from(from),
      after: Array.from(state),
      prices: prices.map((after, i) => ({ before: before[i], after })),
    };
    const notionals = prices.map(() => 1e5 * random.normal());
    const covariance = covarianceMatrix(goGarchForecast(model, state, HORIZON));
    const n = prices.length;
    const variance = notionals.reduce(
      (sum, x, i) => sum + notionals.reduce((row, y, j) => row + x * y * covariance[i * n + j], 0),
      0,
    );
    const net = notionals.reduce((sum, x) => sum + x, 0);
    const book: StandingBookPayload = {
      at: step.barEnd,
      forecastId,
      markets: [...model.markets],
      notionals,
      entry: net - 1000,
      capital: 5000,
      liquidity: 20_000,
      pending: 100,
      alpha: 0.01,
      tailFactor: 1,
      entropicValueAtRisk: 0,
      riskMeasure: 0,
      mean: 1000 - 25_000,
      volatility: Math.sqrt(variance),
    };
    composer.onStep(step);
    yield { step, book, returns };
  }
}

const composerOf = (given: ReturnType<typeof market>, schedule = { every: 5, run: 2 }) => {
  let salt = 0;
  const composer = new EpochComposer(schedule, () => ++salt);
  composer.onModel(given.payload);
  return composer;
};

/** s of a pricing input, percent of the unit. */
function volatilityOf({ clusters, correlation }: PricingInput): number {
  const v = clusters.flatMap(({ risk }) => risk);
  return Math.sqrt(
    v.reduce((sum, a, i) => sum + a * correlation[i].reduce((row, value, j) => row + value * v[j], 0), 0),
  );
}

describe('an epoch', () => {
  it('says of a book what the engine says of it: exposures, volatility, mean, and EVaR from them', () => {
    const given = market(10);
    const composer = composerOf(given);
    let seen = 0;
    for (const { book } of bars(given, composer)) {
      const composed = composer.onBook(book);
      if (composed === undefined) continue;
      const { epoch, jobs } = composed;
      expect(epoch.clusters.map(({ markets }) => markets.length)).toEqual([8, 2]);
      const pricing = jobs.at(-1)!.input as unknown as PricingInput;
      const s = (volatilityOf(pricing) / 100) * epoch.unit;
      expect(Math.abs(s / book.volatility - 1)).toBeLessThan(1e-6);
      const { net, entry, capital, liquidity } = pricing.before;
      expect(Math.abs((net - entry - capital - liquidity) * epoch.unit - book.mean)).toBeLessThan(0.1);
      const exact = liabilityRisk('evar', book.mean, book.volatility, Math.log(0.01)).value;
      const proven = liabilityRisk(
        'evar',
        (net - entry - capital - liquidity) * epoch.unit,
        s,
        Math.log(0.01),
      ).value;
      expect(Math.abs(proven - exact)).toBeLessThan(0.1);
      if (++seen === 3) break;
    }
  });

  it('starts from the state the one before ended in, within a run; runs come as scheduled', () => {
    const given = market(3);
    const composer = composerOf(given);
    const chained: (boolean | undefined)[] = [];
    let last: { next: readonly bigint[]; salt: number } | undefined;
    for (const { book, step } of bars(given, composer)) {
      const composed = composer.onBook(book);
      chained.push(composed?.epoch.chained);
      if (composed !== undefined) {
        const input = composed.jobs[0].input as unknown as CovarianceInput;
        const rows = covarianceRows(input);
        if (composed.epoch.chained) {
          expect(rows.state).toEqual(last!.next);
          expect(input.salts.state).toBe(last!.salt);
        }
        last = { next: rows.nextState, salt: input.salts.nextState };
        // The circuit's state is the filter's, but for rounding.
        expect(composed.epoch.clusters).toHaveLength(1);
        rows.nextState.slice(0, 3).forEach((value) => {
          expect(dequantise(value)).toBeGreaterThan(0);
        });
        expect(step.after).toHaveLength(3);
      }
      if (chained.length === 12) break;
    }
    expect(chained).toEqual([
      ...[false, true, undefined, undefined, undefined],
      ...[false, true, undefined, undefined, undefined],
      ...[false, true],
    ]);
  });

  it('of every bar is one chain; a restart goes on with it', () => {
    const given = market(3);
    let composer = composerOf(given, { every: 1, run: 1 });
    const chained: boolean[] = [];
    for (const { book } of bars(given, composer)) {
      chained.push(composer.onBook(book)!.epoch.chained);
      if (chained.length === 5) break;
    }
    expect(chained).toEqual([false, true, true, true, true]);
    const state = structuredClone(composer.snapshot());
    composer = new EpochComposer({ every: 1, run: 1 }, () => 1, { state, models: [given.payload] });
    const salts = state.last!.states.map(({ salt }) => salt);
    expect(salts).toHaveLength(1);
    expect(composer.snapshot()).toEqual(state);
  });

  it('is composed all the same when all steps come before the first of their books', () => {
    const given = market(3);
    const composer = composerOf(given, { every: 1, run: 1 });
    const books: StandingBookPayload[] = [];
    for (const { book } of bars(given, composer)) {
      books.push(book);
      if (books.length === 40) break;
    }
    composer.onModel({ ...given.payload, version: 2 });
    expect(books.map((book) => composer.onBook(book)?.epoch.chained)).toEqual([
      false,
      ...new Array<boolean>(39).fill(true),
    ]);
    expect(composer.snapshot().steps).toHaveLength(1);
  });

  it('that cannot be proven is refused with the reason, and the next bar is tried', () => {
    const given = market(3);
    const composer = composerOf(given);
    const results: string[] = [];
    for (const { book, step } of bars(given, composer)) {
      const bar = results.length;
      if (bar === 0) composer.onStep({ ...step, prices: null });
      const tried =
        bar === 0
          ? { ...book, forecastId: step.forecastId }
          : bar === 1
            ? { ...book, notionals: book.notionals.map(() => 0) }
            : bar === 2
              ? { ...book, liquidity: 1e12 }
              : book;
      // The step without prices comes after the one with them: the first that fits is taken.
      if (bar === 0) {
        const bare = composerOf(given);
        bare.onStep({ ...step, prices: null });
        expect(() => bare.onBook(tried)).toThrow(/prices: are missing/);
        results.push('stale');
        continue;
      }
      try {
        results.push(composer.onBook(tried) === undefined ? 'nothing' : 'epoch');
      } catch (error) {
        expect(error).toBeInstanceOf(EpochNotProvableError);
        results.push('refused');
      }
      if (results.length === 4) break;
    }
    expect(results).toEqual(['stale', 'nothing', 'refused', 'epoch']);
  });

  it('needs a model that the circuits have room for', () => {
    const wide = market(33);
    const composer = composerOf(wide);
    for (const { book } of bars(wide, composer)) {
      expect(() => composer.onBook(book)).toThrow(/33 markets need 5 circuits/);
      break;
    }
    const reduced = market(6, { clusters: 'single', goGarch: { factors: 2 } });
    const other = composerOf(reduced);
    for (const { book } of bars(reduced, other)) {
      expect(() => other.onBook(book)).toThrow(/leaves factors out/);
      break;
    }
    expect(new ModelNotProvableError('x').code).toBe('model-not-provable');
  });
});
