import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '#lib/runtime';
import { covarianceMatrix, type FactorForecast } from '#lib/risk';
import { insolvencyDistance } from './insolvency-distance.js';
import { stressGrid } from './scenarios.js';
import { deviationOf, type StressAccount, StressBook } from './stress-book.js';
import { accountAfter, movesOf, stressOutcome } from './stress-outcome.js';

const N = 4;
const MARKETS = ['A', 'B', 'C', 'D'];

const FORECAST: FactorForecast = {
  factors: 2,
  loadings: Float64Array.of(1, 0.2, 1.2, -0.3, 0.8, 0.5, 1.1, 0),
  variances: Float64Array.of(0.0016, 0.0004),
  varianceRates: Float64Array.of(0, 0),
  own: Float64Array.of(0.0004, 0.0009, 0.0004, 0.0025),
  ownRates: new Float64Array(N),
};

/** A book of a seed: positions of either sign, equity from a fraction of a percent of the notional upwards. */
function bookOf(seed: number, accounts: number, leverage: number): StressBook {
  const random = randomStream(seed);
  const given = Array.from({ length: accounts }, (_, a): StressAccount => {
    const positions = Array.from({ length: 1 + Math.floor(2 * random.uniform()) }, () => {
      return [Math.floor(N * random.uniform()), 1e5 * (random.uniform() - 0.4)] as const;
    });
    const gross = positions.reduce((sum, [, notional]) => sum + Math.abs(notional), 0);
    const equity = (gross / leverage) * (0.2 + 1.6 * random.uniform());
    return { account: `a${a}`, equity, maintenance: 0.03 * gross, positions };
  });
  return new StressBook(MARKETS, given, 20_000, 60_000, FORECAST);
}

const seeds = fc.integer({ min: 1, max: 1e6 });
const leverages = fc.integer({ min: 1, max: 40 });
const amounts = fc.integer({ min: 5_000, max: 400_000 });

/** Moves of a Mahalanobis norm, in a random direction: Lz with |z| = d. */
function moveAt(seed: number, d: number): Float64Array {
  const random = randomStream(seed);
  const sigma = covarianceMatrix(FORECAST);
  const z = Float64Array.from({ length: N }, () => random.normal());
  const size = Math.hypot(...z);
  const root = new Float64Array(N * N);
  for (let j = 0; j < N; j++)
    for (let i = j; i < N; i++) {
      let value = sigma[i * N + j];
      for (let k = 0; k < j; k++) value -= root[i * N + k] * root[j * N + k];
      root[i * N + j] = i === j ? Math.sqrt(value) : value / root[j * N + j];
    }
  return Float64Array.from({ length: N }, (_, i) => {
    let move = 0;
    for (let k = 0; k <= i; k++) move += root[i * N + k] * z[k];
    return (d * move) / size;
  });
}

describe('insolvencyDistance', () => {
  it('is certified from below: no move that is nearer costs as much', () => {
    fc.assert(
      fc.property(seeds, leverages, amounts, seeds, (seed, leverage, amount, other) => {
        const book = bookOf(seed, 30, leverage);
        const { atLeast } = insolvencyDistance(book, amount);
        for (let k = 0; k < 40; k++)
          expect(book.loss(moveAt(other + k, 0.999 * atLeast))).toBeLessThan(amount);
      }),
      { numRuns: 60 },
    );
  });

  it('is found from above: its move costs as much, at the distance it says', () => {
    fc.assert(
      fc.property(seeds, leverages, amounts, (seed, leverage, amount) => {
        const book = bookOf(seed, 30, leverage);
        const { atLeast, atMost, moves } = insolvencyDistance(book, amount);
        expect(atLeast).toBeLessThanOrEqual(atMost * (1 + 1e-9));
        if (moves === null || atMost === 0) return;
        expect(book.loss(moves)).toBeGreaterThanOrEqual(amount * (1 - 1e-9));
        expect(mahalanobis(moves)).toBeCloseTo(atMost, 5);
      }),
      { numRuns: 60 },
    );
  });

  it('is exact where nobody can go bankrupt: the amount over the net book’s deviation', () => {
    const accounts = [
      { account: 'a', equity: 1e9, maintenance: 0, positions: [[0, 1e5] as const, [3, -4e4] as const] },
    ];
    const book = new StressBook(MARKETS, accounts, 0, 0, FORECAST);
    const { atLeast, atMost } = insolvencyDistance(book, 30_000);
    const exact = 30_000 / deviationOf(FORECAST, book.net);
    expect(atLeast / exact).toBeCloseTo(1, 6);
    expect(atMost / exact).toBeCloseTo(1, 6);
  });

  it('brackets the least distance that a search in two markets finds', () => {
    const accounts: StressAccount[] = [
      { account: 'long', equity: 3_000, maintenance: 0, positions: [[0, 1e5]] },
      { account: 'short', equity: 3_000, maintenance: 0, positions: [[0, -1e5]] },
      { account: 'other', equity: 8_000, maintenance: 0, positions: [[3, 1e5]] },
    ];
    const book = new StressBook(MARKETS, accounts, 0, 0, FORECAST);
    const { atLeast, atMost } = insolvencyDistance(book, 12_000);
    let found = Infinity;
    for (let k = 0; k < 4000; k++) {
      const direction = moveAt(k + 1, 1);
      let [low, high] = [0, 60];
      if (book.loss(direction.map((value) => high * value)) < 12_000) continue;
      for (let step = 0; step < 40; step++) {
        const middle = (low + high) / 2;
        if (book.loss(direction.map((value) => middle * value)) >= 12_000) high = middle;
        else low = middle;
      }
      found = Math.min(found, high);
    }
    expect(atLeast).toBeLessThanOrEqual(found);
    expect(atMost).toBeLessThanOrEqual(found * 1.02);
    expect(atLeast).toBeGreaterThan(0.6 * found);
  });

  it('is 0 where the amount is lost already', () => {
    const book = new StressBook(
      MARKETS,
      [{ account: 'a', equity: -50, maintenance: 0, positions: [[0, 10]] }],
      0,
      0,
      FORECAST,
    );
    expect(insolvencyDistance(book, 40)).toMatchObject({ atLeast: 0, atMost: 0 });
  });
});

describe('stressOutcome', () => {
  const book = bookOf(3, 50, 8);

  it('accounts for the loss: gains paid, debts borne, through P, then L, then nobody', () => {
    for (const scenario of stressGrid(book)) {
      const outcome = stressOutcome(book, scenario);
      const net = outcome.lossByMarket.reduce((sum, value) => sum + value, 0);
      expect(outcome.poolLoss).toBeCloseTo(net + outcome.badDebt, 4);
      const borne = outcome.fromCapital + outcome.fromLiquidity + outcome.uncovered;
      expect(borne).toBeCloseTo(Math.max(0, outcome.poolLoss), 4);
      const inGroups = outcome.groups.reduce((sum, { accounts }) => sum + accounts, 0);
      expect(inGroups).toBe(book.accounts);
    }
  });

  it('is the sum over all accounts, also where one market moves and only its holders are looked at', () => {
    fc.assert(
      fc.property(seeds, leverages, (seed, leverage) => {
        const drawn = bookOf(seed, 40, leverage);
        for (const scenario of stressGrid(drawn)) {
          const moves = movesOf(scenario);
          const after = Array.from({ length: drawn.accounts }, (_, a) => accountAfter(drawn, a, moves));
          const outcome = stressOutcome(drawn, scenario);
          const sum = (part: (account: (typeof after)[number], a: number) => number) =>
            after.reduce((total, account, a) => total + part(account, a), 0);
          expect(outcome.poolLoss).toBeCloseTo(drawn.loss(moves), 6);
          expect(outcome.badDebt).toBeCloseTo(
            sum((account) => Math.max(0, -account.after)),
            6,
          );
          expect(outcome.liquidated.accounts).toBe(sum(({ closed }) => (closed ? 1 : 0)));
          expect(outcome.liquidated.notional).toBeCloseTo(
            sum(({ closed, moved }) => (closed ? moved : 0)),
            6,
          );
          const lost = sum(({ gain }, a) => -Math.max(gain, -Math.max(0, drawn.equity[a])));
          expect(outcome.groups.reduce((total, { loss }) => total + loss, 0)).toBeCloseTo(lost, 6);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has every part of the grid', () => {
    const names = stressGrid(book, { clusters: { pair: [0, 1] }, history: [moveAt(1, 3), moveAt(2, 3)] }).map(
      ({ name }) => name,
    );
    for (const part of [
      'all markets',
      'cluster pair',
      'alone',
      'factor 2',
      'correlation 1',
      'past hour',
      'silent',
    ])
      expect(names.some((name) => name.includes(part))).toBe(true);
    expect(names.at(-1)).toContain('liquidity withdrawn');
  });

  it('liquidates who falls below maintenance', () => {
    const accounts: StressAccount[] = [
      { account: 'thin', equity: 1000, maintenance: 300, positions: [[0, 10_000]] },
      { account: 'thick', equity: 9000, maintenance: 300, positions: [[0, 10_000]] },
    ];
    const small = new StressBook(MARKETS, accounts, 0, 0, FORECAST);
    const moves = Float64Array.of(-0.08, 0, 0, 0);
    const outcome = stressOutcome(small, { name: 'fall', moves });
    expect(outcome.liquidated).toEqual({ accounts: 1, notional: 9200 });
    expect(outcome.badDebt).toBe(0);
    const silent = stressOutcome(small, { name: 'silent', moves, dead: 0 });
    expect(silent.badDebt).toBeCloseTo(600, 8);
  });
});

/** √(rᵀΣ⁻¹r) by elimination. */
function mahalanobis(moves: Float64Array): number {
  const sigma = covarianceMatrix(FORECAST);
  const rows = Array.from({ length: N }, (_, i) => [...sigma.subarray(i * N, (i + 1) * N), moves[i]]);
  for (let p = 0; p < N; p++)
    for (let i = 0; i < N; i++) {
      if (i === p) continue;
      const factor = rows[i][p] / rows[p][p];
      for (let j = p; j <= N; j++) rows[i][j] -= factor * rows[p][j];
    }
  const solved = rows.map((row, i) => row[N] / row[i]);
  return Math.sqrt(solved.reduce((sum, value, i) => sum + value * moves[i], 0));
}
