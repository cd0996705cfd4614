import { randomBytes } from 'node:crypto';
import {
  type BarInput,
  type DeclaredFactors,
  type FactorState,
  type FactorWeights,
  splitBar,
} from '#lib/proofs';
import { randomStream } from '#lib/runtime';

/** 62 hexadecimal digits. */
export const randomSalt = () => randomBytes(31).toString('hex');

export interface FactorCase {
  readonly markets: number;
  readonly factors: number;
  /** capital of the pool in shares of its gross exposure; default 1 */
  readonly capital?: number;
}

const within = (random: ReturnType<typeof randomStream>, low: number, high: number) =>
  low + (high - low) * random.uniform();

/** A consistent model: scores are the regression of factors on returns. */
export function randomFactors(seed: number, { markets: n, factors: K }: FactorCase): DeclaredFactors {
  const random = randomStream(seed);
  const between = (low: number, high: number) => within(random, low, high);
  const loadings = Array.from({ length: n }, () =>
    Array.from({ length: K }, (_, k) => (k === 0 ? between(0.4, 0.9) : 0.1 * random.normal())),
  );
  const own = loadings.map((row) => Math.max(1 - row.reduce((sum, b) => sum + b * b, 0), 0.02));
  const weights = (scale: number): FactorWeights => ({
    level: { common: scale * between(0, 0.5), own: scale * between(0, 0.5) },
    averages: {
      common: [between(0.1, 0.4), between(0.1, 0.4), between(0, 0.3)].map((b) => scale * b),
      own: [between(0.1, 0.4), between(0.1, 0.4), between(0, 0.3)].map((b) => scale * b),
    },
  });
  return {
    units: Array.from({ length: n }, () => between(0.2, 2)),
    scores: Array.from({ length: K }, (_, k) => loadings.map((row, i) => row[k] / own[i] / (n + 1))),
    loadings,
    levels: [...new Array<number>(K).fill(1), ...own],
    horizon: weights(24),
    rate: weights(1),
    salt: randomSalt(),
  };
}

/** A bar of a random model: a book of a hundred units of account, gross. */
export function randomBar(seed: number, shape: FactorCase): BarInput {
  const model = randomFactors(seed, shape);
  const random = randomStream(seed + 1_000_000);
  const between = (low: number, high: number) => within(random, low, high);
  const { markets: n, factors: K, capital = 1 } = shape;
  const state: FactorState = model.levels.map((level) => [1, 2, 3].map(() => level * between(0.3, 3)));
  const f = Array.from({ length: K }, () => random.normal());
  const returns = model.units.map((unit, i) => {
    const common = f.reduce((sum, shock, k) => sum + shock * model.loadings[i][k], 0);
    return unit * (common + Math.sqrt(model.levels[K + i]) * random.normal());
  });
  const raw = Array.from({ length: n }, () => between(-1, 1));
  const gross = raw.reduce((sum, x) => sum + Math.abs(x), 0);
  const exposures = raw.map((x) => (100 * x) / gross);
  const net = exposures.reduce((sum, x) => sum + x, 0);
  return {
    model,
    state,
    stateSalt: randomSalt(),
    nextStateSalt: randomSalt(),
    returns,
    exposures,
    book: { entry: net + between(-2, 2), capital: 30 * capital, liquidity: 70 * capital, pending: 0.5 },
    alpha: 0.01,
    tailFactor: 1 + between(0, 0.5),
  };
}

/** The first `at` of a bar's markets and the others, each half with the other's values. */
export function halvesOf(input: BarInput, at: number): [BarInput, BarInput] {
  const cut = <T>(values: readonly T[], first: boolean) => (first ? values.slice(0, at) : values.slice(at));
  const K = input.model.scores.length;
  const part = (first: boolean): BarInput => ({
    ...input,
    model: {
      ...input.model,
      units: cut(input.model.units, first),
      loadings: cut(input.model.loadings, first),
      scores: input.model.scores.map((row) => cut(row, first)),
      levels: [...input.model.levels.slice(0, K), ...cut(input.model.levels.slice(K), first)],
    },
    state: [...input.state.slice(0, K), ...cut(input.state.slice(K), first)],
    returns: cut(input.returns, first),
    exposures: cut(input.exposures, first),
  });
  return splitBar(part(true), part(false));
}
