import { InvalidInputError } from '#lib/errors';
import type { MarginSchedule } from '../margin-rates.js';
import { requireTiers, type Tier } from './tiers.js';

/** One joint move of all markets: r_k, relative price changes in the order of the markets. */
export interface Scenario {
  readonly name: string;
  readonly shocks: readonly number[];
}

export interface MarketMargin {
  readonly market: string;
  /** D_i: money that moves the price by 100 % on closing; null: closing does not move it */
  readonly depth: number | null;
  /** f_i by notional, for the initial and the maintenance margin */
  readonly initial: readonly Tier[];
  readonly maintenance: readonly Tier[];
}

/** Everything that a portfolio's margin depends on but the portfolio. Plain JSON. */
export interface PortfolioParameters {
  readonly version: string;
  readonly markets: readonly MarketMargin[];
  /** α_m of the EVaR; null: margin does not depend on the covariance */
  readonly alpha: number | null;
  /** Σ_h: covariance of relative price changes over the margin's horizon, n×n row-major */
  readonly covariance: ArrayLike<number>;
  readonly scenarios: readonly Scenario[];
  /** b·K: part of the pool's capital P+L against which losses count as concentrated, money; null: without limit */
  readonly absorbable: number | null;
}

/** Most scenarios: about 500 markets alone and as many joint moves as anybody looks at, with both signs. */
export const MOST_SCENARIOS = 1024;

/** √four latencies: a move of the price until a liquidation has been executed, against that of one. */
const LATENCY = 2;

/** {@link PortfolioParameters} as arrays to compute with. */
export interface PortfolioModel {
  readonly markets: readonly MarketMargin[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly n: number;
  /** α_m; null without EVaR */
  readonly tailProbability: number | null;
  /** 2κ, κ = √(−2 ln α_m); 0 without EVaR */
  readonly evarMultiple: number;
  readonly covariance: Float64Array;
  readonly scenarios: readonly Scenario[];
  /** shock of scenario k for market i at i·K + k */
  readonly shocks: Float64Array;
  /** scenarios that move several markets, ascending */
  readonly joint: Int32Array;
  /** by market: scenarios that move it and no other, ascending */
  readonly alone: readonly Int32Array[];
  /** 1/(2D_i) and 1/(2bK), 0 where there is no limit */
  readonly closingRate: Float64Array;
  readonly concentrationRate: number;
}

/** The part of a model that depends on markets and scenarios alone. */
type PortfolioShape = Pick<
  PortfolioModel,
  'markets' | 'indexOf' | 'n' | 'scenarios' | 'shocks' | 'joint' | 'alone' | 'closingRate'
>;

/**
 * @param like a model whose markets and scenarios may be the same lists: their arrays are taken from it
 * @throws {InvalidInputError} naming the parameter that does not fit
 */
export function portfolioModel(parameters: PortfolioParameters, like?: PortfolioModel): PortfolioModel {
  const { markets, alpha, covariance, scenarios, absorbable } = parameters;
  const n = markets.length;
  const shape =
    like?.markets === markets && like.scenarios === scenarios ? like : shapeOf(markets, scenarios);
  requireLimit(absorbable, 'absorbable');
  if (alpha !== null && !(alpha > 0 && alpha < 1)) {
    throw new InvalidInputError('alpha', `must be between 0 and 1, got ${alpha}`);
  }
  if (alpha !== null && covariance.length !== n * n) {
    throw new InvalidInputError('covariance', `must have ${n * n} entries, got ${covariance.length}`);
  }
  for (let i = 0; i < covariance.length; i++)
    if (!Number.isFinite(covariance[i]))
      throw new InvalidInputError(`covariance[${i}]`, `must be finite, got ${covariance[i]}`);
  const { indexOf, shocks, joint, alone, closingRate } = shape;
  return {
    markets,
    indexOf,
    n,
    scenarios,
    shocks,
    joint,
    alone,
    closingRate,
    tailProbability: alpha,
    evarMultiple: alpha === null ? 0 : LATENCY * Math.sqrt(-2 * Math.log(alpha)),
    covariance: alpha === null ? new Float64Array(n * n) : new Float64Array(covariance),
    concentrationRate: absorbable === null ? 0 : 1 / (2 * absorbable),
  };
}

function shapeOf(markets: readonly MarketMargin[], scenarios: readonly Scenario[]): PortfolioShape {
  const n = markets.length;
  const indexOf = new Map(markets.map(({ market }, i) => [market, i]));
  if (indexOf.size !== n) throw new InvalidInputError('markets', 'must not repeat a market');
  markets.forEach(({ depth, initial, maintenance }, i) => {
    requireLimit(depth, `markets[${i}].depth`);
    requireTiers(initial, `markets[${i}].initial`);
    requireTiers(maintenance, `markets[${i}].maintenance`);
  });
  if (scenarios.length > MOST_SCENARIOS) {
    throw new InvalidInputError('scenarios', `must be at most ${MOST_SCENARIOS}, got ${scenarios.length}`);
  }
  const shocks = new Float64Array(n * scenarios.length);
  scenarios.forEach(({ name, shocks: moves }, k) => {
    if (moves.length !== n)
      throw new InvalidInputError(`scenarios[${k}].shocks`, `must have ${n} entries, got ${moves.length}`);
    moves.forEach((move, i) => {
      if (!(move >= -1 && move < Infinity))
        throw new InvalidInputError(
          `scenarios[${k}].shocks[${i}]`,
          `must be at least −1 in ${name}, got ${move}`,
        );
      shocks[i * scenarios.length + k] = move;
    });
  });
  const { joint, alone } = scenariosByReach(shocks, n);
  return {
    ...{ markets, indexOf, n, scenarios, shocks, joint, alone },
    closingRate: Float64Array.from(markets, ({ depth }) => (depth === null ? 0 : 1 / (2 * depth))),
  };
}

/**
 * Which scenarios a portfolio has to look at: those that move several markets, and of the single-market ones its own
 * markets'. The others cost it nothing, and there are two for each market.
 */
function scenariosByReach(shocks: Float64Array, n: number): Pick<PortfolioModel, 'joint' | 'alone'> {
  const K = n === 0 ? 0 : shocks.length / n;
  const joint: number[] = [];
  const alone: number[][] = Array.from({ length: n }, () => []);
  for (let k = 0; k < K; k++) {
    let moved = 0;
    let last = 0;
    for (let i = 0; i < n && moved < 2; i++) {
      if (shocks[i * K + k] === 0) continue;
      moved++;
      last = i;
    }
    if (moved > 1) joint.push(k);
    else if (moved === 1) alone[last].push(k);
  }
  return { joint: Int32Array.from(joint), alone: alone.map((ks) => Int32Array.from(ks)) };
}

/** The linear schedule as a portfolio's margin: no EVaR, no scenarios, no limits, rates by market. */
export function linearParameters(schedule: MarginSchedule, markets: readonly string[]): PortfolioParameters {
  return {
    version: 'linear',
    markets: markets.map((market) => {
      const { initial, maintenance } = schedule.of(market);
      return {
        market,
        depth: null,
        initial: [{ above: 0, rate: initial }],
        maintenance: [{ above: 0, rate: maintenance }],
      };
    }),
    alpha: null,
    covariance: [],
    scenarios: [],
    absorbable: null,
  };
}

function requireLimit(value: number | null, field: string): void {
  if (value !== null && !(value > 0 && value < Infinity)) {
    throw new InvalidInputError(field, `must be positive, or null for no limit, got ${value}`);
  }
}
