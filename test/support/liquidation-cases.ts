import {
  liquidate,
  type LiquidationCase,
  type LiquidationPlan,
  type LiquidationPosition,
  type Solvers,
  standingOf,
} from '#lib/liquidation';
import { randomStream } from '#lib/runtime';

/** Features that make a program hard. */
export type Condition =
  'plain' | 'sizes' | 'collinear' | 'dominant' | 'hair' | 'tail' | 'rich' | 'everything';
export const CONDITIONS: readonly Condition[] = [
  'plain',
  'sizes',
  'collinear',
  'dominant',
  'hair',
  'tail',
  'rich',
  'everything',
];

export interface CaseOptions {
  readonly n: number;
  readonly condition?: Condition;
  readonly impact?: boolean;
  readonly penaltyRate?: number;
  /** equity as a share of the way from nothing (0) to the maintenance margin (1) */
  readonly health?: number;
}

/**
 * A random account below its maintenance margin against a random book that it has a part in. Whether closing hedges or
 * unhedges the pool is random: about half of the accounts pay a risk premium.
 */
export function randomCase(seed: number, options: CaseOptions): LiquidationCase {
  const { n, condition = 'plain', impact = false, penaltyRate = 0 } = options;
  const has = (what: Condition) => condition === what || condition === 'everything';
  const random = randomStream(seed);
  const factors = 3;
  const loadings = Array.from({ length: n }, () =>
    Array.from({ length: factors }, () => 0.02 * random.normal()),
  );
  const own = Array.from({ length: n }, () => 0.01 + 0.03 * random.uniform());
  if (has('collinear')) {
    // Pairs that differ by a millionth of their risk.
    for (let i = 1; i < n; i += 2) {
      loadings[i] = loadings[i - 1].map((value) => value * (1 + 1e-6 * random.normal()));
      own[i] = 1e-8;
      own[i - 1] = 1e-8;
    }
  }
  const prices = Array.from({ length: n }, () => 10 ** (4 * random.uniform() - 2));
  const returns = (i: number, j: number) =>
    loadings[i].reduce((sum, value, f) => sum + value * loadings[j][f], 0) + (i === j ? own[i] ** 2 : 0);
  const covariance: number[] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) covariance.push(prices[i] * prices[j] * returns(i, j));
  const notionals = Array.from({ length: n }, (_, i) => {
    const spread = has('sizes') ? 10 ** (6 * random.uniform()) : Math.exp(random.normal());
    return 10_000 * spread * (has('dominant') && i === 0 ? 1000 * n : 1);
  });
  const sizes = notionals.map((notional, i) => ((random.uniform() < 0.5 ? -1 : 1) * notional) / prices[i]);
  // The others' part of the book: of the account's own scale to a thousand times it, leaning with or against it.
  const scale = 10 ** (3 * random.uniform());
  const lean = random.uniform() < 0.5 ? -1 : 1;
  const book = sizes.map((size) => size + scale * size * (0.6 * lean + 0.6 * random.normal()));
  const covarianceWithBook = sizes.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += covariance[i * n + j] * book[j];
    return sum;
  });
  const inMarkets = book.reduce((sum, size, i) => sum + size * covarianceWithBook[i], 0);
  // Markets the account is not in add to the variance, independently.
  const variance = inMarkets * (1 + random.uniform());
  const volatility = Math.sqrt(variance);
  const positions: LiquidationPosition[] = sizes.map((size, i) => {
    const maintenanceRate = 0.02 + 0.04 * random.uniform();
    return {
      market: `M${i}`,
      size,
      price: prices[i],
      entryNotional: size * prices[i] * (1 + 0.1 * random.normal()),
      maintenanceRate,
      initialRate: maintenanceRate * (has('hair') ? 1 : 1.2 + 0.6 * random.uniform()),
      ...(impact ? { impact: notionals[i] * 0.01 * random.uniform() } : {}),
    };
  });
  const margin = positions.reduce((sum, { maintenanceRate }, i) => sum + maintenanceRate * notionals[i], 0);
  const health = options.health ?? (has('hair') ? 1 - 1e-6 * random.uniform() : 0.3 + 0.7 * random.uniform());
  const unrealised = positions.reduce(
    (sum, { size, price, entryNotional }) => sum + size * price - entryNotional,
    0,
  );
  return {
    collateral: health * margin - unrealised,
    positions,
    pool: {
      // A rich pool: its capital is ten to two hundred standard deviations away.
      mean: -volatility * (has('rich') ? 10 * 20 ** random.uniform() : 0.5 + 4 * random.uniform()),
      variance,
      covarianceWithBook,
      covariance,
    },
    alpha: has('tail') ? 1e-6 : 0.01,
    penaltyRate,
  };
}

/**
 * {@link randomCase} with portfolio margin: correlated covariance, market, single and joint scenarios, depths, tiers for every
 * third position, and a pool that some losses are large beside.
 */
export function randomPortfolioCase(seed: number, options: CaseOptions): LiquidationCase {
  const plain = randomCase(seed, options);
  const random = randomStream(seed + 100_000);

  const notionals = plain.positions.map(({ size, price }) => Math.abs(size) * price);
  const gross = notionals.reduce((sum, value) => sum + value, 0);
  const deviations = notionals.map(() => 0.004 + 0.012 * random.uniform());
  const loading = notionals.map(() => 0.6 + 0.4 * random.uniform());
  const covariance = deviations.flatMap((a, i) =>
    deviations.map((b, j) => a * b * (i === j ? 1 : loading[i] * loading[j])),
  );
  const joint = () => notionals.map(() => Math.max(-0.9, -0.1 + 0.08 * random.normal()));
  const vectors = [
    ...[0.05, 0.1, 0.15].map((move) => notionals.map(() => move)),
    ...notionals.map((_, i) => notionals.map((__, j) => (i === j ? 0.1 + 0.1 * random.uniform() : 0))),
    joint(),
    joint(),
  ];
  const scenarios = vectors
    .flatMap((shocks) => [shocks.map((shock) => -shock), shocks])
    .filter((shocks) => shocks.every((shock) => shock >= -1))
    .slice(0, 64)
    .map((shocks, k) => ({ name: `s${k}`, shocks }));
  const positions = plain.positions.map((position, i) => {
    const maintenanceRate = 0.0025 + 0.0025 * random.uniform();
    const tier = (above: number, times: number) => ({
      above,
      maintenanceRate: times * maintenanceRate,
      initialRate: 2 * times * maintenanceRate,
    });
    return {
      ...position,
      maintenanceRate,
      initialRate: 2 * maintenanceRate,
      depth: notionals[i] * 10 ** (1 + 3 * random.uniform()),
      ...(i % 3 === 2 ? { tiers: [tier(0.3 * notionals[i], 1.5), tier(0.7 * notionals[i], 2.5)] } : {}),
    };
  });
  const given: LiquidationCase = {
    ...plain,
    positions,
    portfolio: {
      alpha: random.uniform() < 0.2 ? null : 1e-3,
      covariance,
      scenarios: random.uniform() < 0.1 ? [] : scenarios,
      absorbable: random.uniform() < 0.2 ? null : gross * 10 ** (2 * random.uniform() - 1),
    },
  };
  const { maintenanceMargin } = standingOf(given);
  const health = options.health ?? 0.3 + 0.7 * random.uniform();
  const unrealised = positions.reduce(
    (sum, { size, price, entryNotional }) => sum + size * price - entryNotional,
    0,
  );
  return { ...given, collateral: health * maintenanceMargin - unrealised };
}

/** {@link randomPortfolioCase} whose margin has the pool's own forecast, in proportion to time, as an exchange's has: its plan can be proven. */
export function forecastPortfolioCase(seed: number, options: CaseOptions): LiquidationCase {
  const random = randomPortfolioCase(seed, options);
  const { positions, pool, portfolio } = random;
  const n = positions.length;
  const share = 0.02 + 0.08 * randomStream(seed + 200_000).uniform();
  const covariance = pool.covariance.map(
    (entry, at) => (share * entry) / (positions[Math.floor(at / n)].price * positions[at % n].price),
  );
  const given = { ...random, portfolio: { ...portfolio!, covariance } };
  const before = standingOf(random);
  const margin = standingOf(given).maintenanceMargin;
  const unrealised = before.equity - random.collateral;
  return { ...given, collateral: (before.equity / before.maintenanceMargin) * margin - unrealised };
}

/** One long position; the pool's book is the account's own and something that leans against it. */
export function singlePosition(change: Partial<LiquidationCase> = {}): LiquidationCase {
  return {
    collateral: 3,
    positions: [
      {
        market: 'A',
        size: 1,
        price: 100,
        entryNotional: 100,
        maintenanceRate: 0.05,
        initialRate: 0.1,
      },
    ],
    pool: { mean: -50, variance: 400, covarianceWithBook: [40], covariance: [4] },
    alpha: 0.01,
    ...change,
  };
}

const SIZES = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 75, 100];

/** Random programs that have a partial outcome, in rounds over conditions and sizes. */
export function* partialPlans(solvers: Solvers, count: number): Iterable<LiquidationPlan> {
  for (let seed = 0; count > 0; seed++) {
    const given = randomCase(seed + 1, {
      n: SIZES[seed % SIZES.length],
      condition: CONDITIONS[Math.floor(seed / SIZES.length) % CONDITIONS.length],
      impact: seed % 5 === 4,
      penaltyRate: seed % 11 === 10 ? 0.002 : 0,
    });
    const plan = liquidate(given, solvers);
    if (plan.outcome !== 'partial') continue;
    count--;
    yield plan;
  }
}

/** Cases of either margin, whose trades owe the liquidity providers a premium. @param count seeds from 1 */
export function* casesWithPremium(count: number): Generator<LiquidationCase> {
  for (let seed = 1; seed <= count; seed++) {
    const make = seed % 2 === 0 ? randomCase : randomPortfolioCase;
    const plain = make(seed, { n: 1 + (seed % 6) });
    const committed = 3 * Math.sqrt(plain.pool.variance);
    yield { ...plain, pool: { ...plain.pool, liquidity: { committed, volatilityShare: 0.8 } } };
  }
}
