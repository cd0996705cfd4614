/** An open position of the account, with what its market asks for. */
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
  /** κ_i, money: closing the fraction w costs ½κ_i·w² in market impact, in the objective (default 0) */
  readonly impact?: number;
}

/** What the account's closing can change of the pool's liability X ~ N(m, s²). */
export interface PoolRisk {
  /** m = qᵀμ − (C+P+L), money; closing at mark does not change it */
  readonly mean: number;
  /** s² = QᵀΣQ of the whole book, money² */
  readonly variance: number;
  /** (ΣQ)_i for the account's markets, in the order of its positions: price × money */
  readonly covarianceWithBook: readonly number[];
  /** Σ of the account's markets, n×n row-major: covariance of prices over the horizon */
  readonly covariance: readonly number[];
}

/** One account to be judged and, where it is unhealthy, liquidated. Plain JSON. */
export interface LiquidationCase {
  /** c: cash less what is owed in funding, money */
  readonly collateral: number;
  readonly positions: readonly LiquidationPosition[];
  readonly pool: PoolRisk;
  /** α of EVaR_{1−α} */
  readonly alpha: number;
  /** charged on closed notional (default 0) */
  readonly penaltyRate?: number;
}

/** Σ |q_i|·S_i, Σ r_i·|q_i|·S_i and E of an account. */
export interface AccountStanding {
  /** E = c + Σ (q_i S_i − C_i) */
  readonly equity: number;
  readonly notional: number;
  readonly maintenanceMargin: number;
  readonly initialMargin: number;
}

export function standingOf({ collateral, positions }: LiquidationCase): AccountStanding {
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
  return { equity, notional, maintenanceMargin, initialMargin };
}
