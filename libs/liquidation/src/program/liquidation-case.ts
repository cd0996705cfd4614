import {
  marginTerms,
  type PortfolioModel,
  portfolioModel,
  type Scenario,
  type SignedNotional,
} from '#lib/margin';

/** An open position of the account, with its market's margin rates. */
export interface LiquidationPosition {
  readonly market: string;
  /** q_i, signed, base units; not zero */
  readonly size: number;
  /** S_i, mark price */
  readonly price: number;
  /** C_i, signed Σ size × entry price, money */
  readonly entryNotional: number;
  /** margin that must be there, share of the notional at mark */
  readonly maintenanceRate: number;
  /** margin that is restored: r_i + ε */
  readonly initialRate: number;
  /** marginal rates that hold from a notional on, beyond the two above; thresholds and rates ascending (default none) */
  readonly tiers?: readonly PositionTier[];
  /** D_i, money that moves the price by 100 % on closing (default: closing does not move it) */
  readonly depth?: number;
  /** κ_i, money: closing the fraction w costs ½κ_i·w² in market impact, in the objective (default 0) */
  readonly impact?: number;
}

export interface PositionTier {
  readonly above: number;
  readonly maintenanceRate: number;
  readonly initialRate: number;
}

/** Inputs of a portfolio's margin besides its positions, in the order of the positions. */
export interface PortfolioRisk {
  /** α_m of the margin's EVaR; null: none */
  readonly alpha: number | null;
  /** Σ_h of relative price changes, n×n row-major; empty without EVaR */
  readonly covariance: readonly number[];
  /** relative price changes, one a position */
  readonly scenarios: readonly Scenario[];
  /** b·K: losses count as concentrated beside it, money; null: they never do */
  readonly absorbable: number | null;
}

/** The pool's liability X ~ N(m, s²), as far as the account's closing can change it. */
export interface PoolRisk {
  /** m = qᵀμ − (C+P+L), money; closing at mark does not change it */
  readonly mean: number;
  /** s² = QᵀΣQ of the whole book, money² */
  readonly variance: number;
  /** (ΣQ)_i for the account's markets, in the order of its positions: price × money */
  readonly covarianceWithBook: readonly number[];
  /** Σ of the account's markets, n×n row-major: covariance of prices over the horizon */
  readonly covariance: readonly number[];
  /** providers' liquidity, where the plan's own trade pays them a premium that is to be reserved */
  readonly liquidity?: PoolLiquidity;
}

export interface PoolLiquidity {
  /** L, money */
  readonly committed: number;
  /** standard deviation that their call spread is priced with, as a share of s */
  readonly volatilityShare: number;
}

/** One account to be judged and, where it is unhealthy, liquidated. Plain JSON. */
export interface LiquidationCase {
  /** c: cash less funding owed, money */
  readonly collateral: number;
  readonly positions: readonly LiquidationPosition[];
  readonly pool: PoolRisk;
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  /** charged on closed notional (default 0) */
  readonly penaltyRate?: number;
  /** equity reserved for a cost of closing besides the risk premium: the liquidity premium of the plan's trade (default 0) */
  readonly reserved?: number;
  /** without it the margin is linear: rates on notionals */
  readonly portfolio?: PortfolioRisk;
}

/** Σ |q_i|·S_i, Σ r_i·|q_i|·S_i and E of an account. */
export interface AccountStanding {
  /** E = c + Σ (q_i S_i − C_i) */
  readonly equity: number;
  readonly notional: number;
  readonly maintenanceMargin: number;
  readonly initialMargin: number;
}

/** Whether the margin is Σ r_i|x_i| and nothing else. */
export function isLinear({ positions, portfolio }: LiquidationCase): boolean {
  return (
    portfolio === undefined &&
    positions.every(({ tiers = [], depth }) => tiers.length === 0 && depth === undefined)
  );
}

/**
 * Margin as it is before or after closing, by level.
 *
 * @param model of the case, where it is at hand: {@link marginModelOf}
 */
export function standingOf(given: LiquidationCase, model?: PortfolioModel): AccountStanding {
  const { collateral, positions } = given;
  let equity = collateral;
  let notional = 0;
  let maintenanceMargin = 0;
  let initialMargin = 0;
  for (const { size, price, entryNotional, maintenanceRate, initialRate } of positions) {
    const value = Math.abs(size) * price;
    equity += size * price - entryNotional;
    notional += value;
    maintenanceMargin += maintenanceRate * value;
    initialMargin += initialRate * value;
  }
  if (!isLinear(given)) {
    const margin = model ?? marginModelOf(given);
    const x = signedNotionals(given);
    maintenanceMargin = marginTerms(margin, x, 'maintenance').total;
    initialMargin = marginTerms(margin, x, 'initial').total;
  }
  return { equity, notional, maintenanceMargin, initialMargin };
}

/** x_i = q_i·S_i after closing the fractions w, money. */
export function signedNotionals({ positions }: LiquidationCase, w?: ArrayLike<number>): SignedNotional[] {
  return positions.map(({ market, size, price }, i) => ({
    market,
    notional: size * price * (1 - (w?.[i] ?? 0)),
  }));
}

/**
 * A case's margin, to compute with.
 *
 * @throws {InvalidInputError} naming the parameter that does not fit
 */
export function marginModelOf({ positions, portfolio }: LiquidationCase): PortfolioModel {
  return portfolioModel({
    version: 'case',
    markets: positions.map(({ market, depth = null, maintenanceRate, initialRate, tiers = [] }) => ({
      market,
      depth,
      initial: [
        { above: 0, rate: initialRate },
        ...tiers.map((t) => ({ above: t.above, rate: t.initialRate })),
      ],
      maintenance: [
        { above: 0, rate: maintenanceRate },
        ...tiers.map((t) => ({ above: t.above, rate: t.maintenanceRate })),
      ],
    })),
    alpha: portfolio?.alpha ?? null,
    covariance: portfolio?.covariance ?? [],
    scenarios: portfolio?.scenarios ?? [],
    absorbable: portfolio?.absorbable ?? null,
  });
}
