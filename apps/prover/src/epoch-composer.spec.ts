import { describe, expect, it } from 'vitest';
import { bookRoot, hexOf, MerkleSumTree } from '#lib/commitment';
import type { FilterStepPayload, ModelPayload, StandingBookPayload } from '#lib/messages';
import { type BarInput, barValues } from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { randomStream } from '#lib/runtime';
import { advanceLmGo, fitLmGo, initialLmGoState, lmGoForecast, type LmGoModel } from '#lib/volatility';
import { EpochComposer, type EpochSchedule } from './epoch-composer.js';
import { EpochNotProvableError, ModelNotProvableError } from './errors.js';

const BAR = 3_600_000;
const START = 1_700_006_400_000;
const HORIZON = 24;
const KAPPA = 1.25;

/** A market of n series with one common factor, fitted with LM-GO. */
function market(n: number, change: Partial<ModelPayload> = {}): { model: LmGoModel; payload: ModelPayload } {
  const random = randomStream(11);
  const returns = Array.from({ length: n }, () => new Float64Array(300));
  for (let t = 0; t < 300; t++) {
    const common = random.normal();
    for (let i = 0; i < n; i++) returns[i][t] = 0.01 * (0.6 * common + (0.5 + (i % 5) / 5) * random.normal());
  }
  const model = fitLmGo(
    returns.map((_, i) => `M${i}`),
    returns,
    { factors: 2 },
  );
  return {
    model,
    payload: {
      version: 1,
      fittedOn: START,
      barMs: BAR,
      horizonBars: HORIZON,
      varianceRatioFloor: 1,
      model: { ...model },
      ...change,
    },
  };
}

/** Bars of the filter after the fit, each with a standing book and the volatility that the engine derives. */
function* bars({ model }: ReturnType<typeof market>, composer: EpochComposer) {
  const random = randomStream(5);
  let state = initialLmGoState(model);
  let prices = model.markets.map((_, i) => 10 ** (i % 4));
  for (let bar = 1; ; bar++) {
    const before = prices;
    prices = before.map((price) => price * Math.exp(0.01 * random.normal()));
    const from = state;
    state = advanceLmGo(
      model,
      state,
      prices.map((price, i) => Math.log(price / before[i])),
    );
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
    const sizes = prices.map((price) => ((1e5 * random.normal()) / price).toFixed(8));
    const notionals = prices.map((price, i) => Number(sizes[i]) * price);
    const { factors: K, loadings, variances, own } = lmGoForecast(model, state, HORIZON, 1);
    let variance = notionals.reduce((sum, x, i) => sum + own[i] * x * x, 0);
    for (let k = 0; k < K; k++) {
      const projected = notionals.reduce((sum, x, i) => sum + x * loadings[i * K + k], 0);
      variance += variances[k] * projected * projected;
    }
    const net = notionals.reduce((sum, x) => sum + x, 0);
    const book: StandingBookPayload = {
      at: step.barEnd,
      forecastId,
      markets: [...model.markets],
      sizes,
      // Marks have moved since the bar's end: the proof is at its closing prices.
      notionals: notionals.map((notional) => 1.01 * notional),
      entry: net - 1000,
      capital: 5000,
      liquidity: 20_000,
      pending: 100,
      alpha: 0.01,
      tailFactor: KAPPA,
      entropicValueAtRisk: 0,
      riskMeasure: 0,
      mean: 1000 - 25_000,
      volatility: Math.sqrt(variance),
      commitment: committed(model.markets, sizes),
    };
    composer.onStep(step);
    yield { step, book };
  }
}

/** Of two accounts, one of which holds all and the other nothing. */
function committed(markets: readonly string[], sizes: readonly string[]): StandingBookPayload['commitment'] {
  const tree = new MerkleSumTree();
  const positions = markets.map((market, i) => ({
    ...{ market, entry: 0n, accrual: 0n },
    size: BigInt(Math.round(Number(sizes[i]) * 1e8)),
  }));
  tree.set('a', new Uint8Array(32), { cash: 5n, shares: 0n, positions });
  tree.set('b', new Uint8Array(32), { cash: 5n, shares: 0n, positions: [] });
  const commitment = tree.commit();
  const pool = { capital: 0n, liquidity: 0n, pending: 0n, other: 0n };
  return {
    root: hexOf(bookRoot(commitment, pool)),
    digest: hexOf(commitment.digest),
    sums: hexOf(commitment.sums),
    accounts: 2,
    pool: { capital: '0', liquidity: '0', pending: '0', other: '0' },
    journal: { root: `0x${'00'.repeat(32)}`, entries: 0 },
  };
}

function composerOf(given: ReturnType<typeof market>, schedule: EpochSchedule = { every: 5, run: 2 }) {
  let salt = 0;
  const composer = new EpochComposer(schedule, () => (++salt).toString(16).padStart(62, '0'));
  composer.onModel(given.payload);
  return composer;
}

const inputsOf = (jobs: readonly { input: object }[]) => jobs.map(({ input }) => input as BarInput);

describe('an epoch', () => {
  it.each([
    [10, [10]],
    [33, [17, 16]],
    [64, [32, 32]],
  ])('of %i markets says of a book what the engine says of it: volatility, mean, EVaR', (n, sizes) => {
    const given = market(n);
    const composer = composerOf(given);
    let seen = 0;
    for (const { book } of bars(given, composer)) {
      const composed = composer.onBook(book);
      if (composed === undefined) continue;
      const { epoch, jobs } = composed;
      expect(epoch.bars.map(({ markets }) => markets.length)).toEqual(sizes);
      const gross = inputsOf(jobs)
        .flatMap(({ exposures }) => exposures)
        .reduce((sum, x) => sum + Math.abs(x), 0);
      expect(gross).toBeGreaterThanOrEqual(64);
      expect(gross).toBeLessThan(128);
      const exact = liabilityRisk('evar', book.mean, KAPPA * book.volatility, Math.log(0.01)).value;
      expect(Math.abs(epoch.entropicValueAtRisk / exact - 1)).toBeLessThan(1e-3);
      expect(epoch.riskMeasure).toBeCloseTo(epoch.entropicValueAtRisk - book.pending, 9);
      for (const input of inputsOf(jobs)) {
        const { s, sandwich } = barValues(input);
        const volatility = (Number(s) / 2 ** 24 / 100) * epoch.unit;
        expect(Math.abs(volatility / book.volatility - 1)).toBeLessThan(3e-4);
        const upper = (Number(sandwich.upper) / 2 ** 24 / 100) * epoch.unit;
        expect(Math.abs(upper / exact - 1)).toBeLessThan(1e-3);
      }
      if (++seen === 3) break;
    }
  });

  it('starts from the state the one before ended in, within a run; runs come as scheduled', () => {
    const given = market(3);
    const composer = composerOf(given);
    const found: { bar: number; chained: boolean; input: BarInput }[] = [];
    for (const { book, step } of bars(given, composer)) {
      const composed = composer.onBook(book);
      const bar = (step.barEnd - START) / BAR;
      if (composed !== undefined)
        found.push({ bar, chained: composed.epoch.chained, input: inputsOf(composed.jobs)[0] });
      if (bar === 12) break;
    }
    expect(found.map(({ bar, chained }) => [bar, chained])).toEqual([
      [1, false],
      [2, true],
      [6, false],
      [7, true],
      [11, false],
      [12, true],
    ]);
    const [first, second, third] = found.map(({ input }) => input);
    expect(barValues(second).before).toEqual(barValues(first).after);
    expect(second.stateSalt).toBe(first.nextStateSalt);
    expect(second.model.salt).toBe(first.model.salt);
    expect(third.model.salt).not.toBe(first.model.salt);
  });

  it('goes on where it was after a restart', () => {
    const given = market(3);
    let composer = composerOf(given, { every: 1, run: 1 });
    const chained: boolean[] = [];
    for (const { book } of bars(given, composer)) {
      const { epoch } = composer.onBook(book)!;
      chained.push(epoch.chained);
      const state = JSON.parse(JSON.stringify(composer.snapshot())) as ReturnType<EpochComposer['snapshot']>;
      const restarted = new EpochComposer({ every: 1, run: 1 }, () => '0'.repeat(62), {
        state,
        models: composer.keptModels(),
      });
      expect(restarted.snapshot()).toEqual(composer.snapshot());
      if (chained.length === 3) break;
    }
    expect(chained).toEqual([false, true, true]);
    composer = composerOf(given);
    expect(composer.keptModels().map(({ version }) => version)).toEqual([1]);
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

  it.each<[string, Partial<FilterStepPayload>, (book: StandingBookPayload) => StandingBookPayload, RegExp]>([
    ['a stale price', { prices: null }, (book) => book, /prices: are missing/],
    ['liquidity beyond the circuit', {}, (book) => ({ ...book, liquidity: 1e12 }), /book.liquidity/],
    [
      'a position in a market that the model leaves out',
      {},
      (book) => ({ ...book, markets: [...book.markets, 'NEW'], sizes: [...book.sizes, '5'] }),
      /position in NEW/,
    ],
    [
      'positions of accounts in a market that the model leaves out, though they cancel',
      {},
      (book) => ({ ...book, commitment: committed([...book.markets, 'NEW'], [...book.sizes, '5']) }),
      /position in NEW/,
    ],
    [
      'a book that was not committed to',
      {},
      (book) => ({ ...book, commitment: null }),
      /commitment: is missing/,
    ],
    ['a tail factor beyond the circuit', {}, (book) => ({ ...book, tailFactor: 17 }), /tailFactor/],
  ])('is refused for %s, and the next bar is tried', (_, change, changed, reason) => {
    const given = market(3);
    const composer = composerOf(given);
    let refused = false;
    for (const { book, step } of bars(given, composer)) {
      if (!refused) {
        const bare = composerOf(given);
        bare.onStep({ ...step, ...change });
        expect(() => bare.onBook(changed(book))).toThrow(reason);
        expect(() => {
          const again = composerOf(given);
          again.onStep({ ...step, ...change });
          again.onBook(changed(book));
        }).toThrow(EpochNotProvableError);
        refused = true;
        continue;
      }
      expect(composer.onBook(book)?.epoch.chained).toBe(false);
      break;
    }
  });

  it('is not there for a book without positions', () => {
    const given = market(3);
    const composer = composerOf(given);
    for (const { book } of bars(given, composer)) {
      expect(composer.onBook({ ...book, sizes: book.sizes.map(() => '0') })).toBeUndefined();
      break;
    }
  });

  it('needs a model that the circuits have room for', () => {
    const refusal = (given: ReturnType<typeof market>) => {
      const composer = composerOf(given);
      for (const { book } of bars(given, composer)) {
        try {
          composer.onBook(book);
        } catch (error) {
          return (error as Error).message;
        }
        return 'none';
      }
      return undefined;
    };
    expect(refusal(market(65))).toMatch(/65 markets, the proofs of a bar hold 64/);
    expect(refusal(market(3, { horizonBars: 1.5 }))).toMatch(/whole bars, the horizon has 1.5/);
    const given = market(3);
    expect(refusal({ ...given, payload: { ...given.payload, model: { kind: 'gogarch' } } })).toMatch(
      /LM-GO models, this one is gogarch/,
    );
    expect(new ModelNotProvableError('x').code).toBe('model-not-provable');
  });
});
