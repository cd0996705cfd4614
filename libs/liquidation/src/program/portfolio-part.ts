import type { PortfolioModel } from '#lib/margin';
import { type LiquidationCase, signedNotionals } from './liquidation-case.js';

/** Down to the fraction `until` each unit of the fraction relieves this much margin, money. */
export interface ReliefStep {
  readonly until: number;
  readonly relief: number;
}

/**
 * The terms that portfolio margin adds to the linear program, as changes from w = 0, so that a small deficit beside a large margin
 * keeps its digits. With R0 = R(x) and l_k = −r_k∘x:
 *
 *     G(w) − G(0) = (R−R0)(1 + (R+R0)/(2bK)) + Σ A_i(w_i² − 2w_i) − relief(w),
 *     R_k(w) − R0 = −headroom_k − l_kᵀw,   R_EVaR(w) − R0 = −headroom + 2κ(s(w) − s(0)),   s(w)² = V − 2uᵀw + wᵀMw.
 */
export interface PortfolioPart {
  /** R0 */
  readonly worst: number;
  /** 2κ; 0 without EVaR */
  readonly evarMultiple: number;
  /** R0 − 2κ·s(0) */
  readonly evarHeadroom: number;
  /** V = xᵀΣ_h x, u = x∘(Σ_h x), M = x∘Σ_h∘x, √M_ii */
  readonly variance: number;
  readonly covarianceWithAll: Float64Array;
  readonly covariance: Float64Array;
  readonly deviations: Float64Array;
  /** K scenarios: l_ki at k·n + i, and R0 − Σ l_ki */
  readonly scenarios: number;
  readonly losses: Float64Array;
  readonly headroom: Float64Array;
  /** A_i = x_i²/(2D_i), money */
  readonly closing: Float64Array;
  /** 1/(2bK) */
  readonly concentrationRate: number;
  /** of positions with several tiers */
  readonly steps: readonly (readonly ReliefStep[] | undefined)[];
}

/** @param model of the case's margin */
export function portfolioPart(given: LiquidationCase, model: PortfolioModel): PortfolioPart {
  const x = Float64Array.from(signedNotionals(given), ({ notional }) => notional);
  const { n, evarMultiple, scenarios, shocks, closingRate, concentrationRate } = model;
  const covariance = new Float64Array(n * n);
  const covarianceWithAll = new Float64Array(n);
  let variance = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      covariance[i * n + j] = x[i] * model.covariance[i * n + j] * x[j];
      covarianceWithAll[i] += covariance[i * n + j];
    }
    variance += covarianceWithAll[i];
  }
  variance = Math.max(variance, 0);
  const K = scenarios.length;
  const losses = new Float64Array(K * n);
  const lost = new Float64Array(K);
  for (let k = 0; k < K; k++) {
    for (let i = 0; i < n; i++) {
      losses[k * n + i] = -shocks[i * K + k] * x[i];
      lost[k] += losses[k * n + i];
    }
  }
  const evar = evarMultiple * Math.sqrt(variance);
  const worst = lost.reduce((most, loss) => Math.max(most, loss), evar);
  const { penaltyRate = 0 } = given;
  return {
    worst,
    evarMultiple,
    evarHeadroom: worst - evar,
    variance,
    covarianceWithAll,
    covariance,
    deviations: Float64Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(covariance[i * n + i], 0))),
    scenarios: K,
    losses,
    headroom: lost.map((loss) => worst - loss),
    closing: x.map((value, i) => closingRate[i] * value * value),
    concentrationRate,
    steps: model.markets.map(({ initial }, i) => {
      if (initial.length === 1) return undefined;
      const gross = Math.abs(x[i]);
      const reached = initial.filter(({ above }) => above < gross).reverse();
      return reached.map(({ above, rate }) => ({
        until: 1 - above / gross,
        relief: (rate - penaltyRate) * gross,
      }));
    }),
  };
}

/** Margin relieved by the first unit of each fraction, money: the highest tier's rate less the penalty. */
export function marginalRelief(given: LiquidationCase): Float64Array {
  const { positions, penaltyRate = 0 } = given;
  return Float64Array.from(positions, ({ size, price, initialRate, tiers = [] }) => {
    const notional = Math.abs(size) * price;
    const top = tiers.findLast(({ above }) => above < notional)?.initialRate ?? initialRate;
    return (top - penaltyRate) * notional;
  });
}

/** Relief of closing the fraction w of a position by steps, money. */
export function reliefBy(steps: readonly ReliefStep[], w: number): number {
  let sum = 0;
  let from = 0;
  for (const { until, relief } of steps) {
    sum += relief * (Math.min(w, until) - from);
    if (w <= until) break;
    from = until;
  }
  return sum;
}

/** s(w) − s(0) with s(w), (Mw − u), half the gradient of s², and how far rounding may have moved the difference. */
export interface DeviationAt {
  readonly change: number;
  readonly deviation: number;
  readonly halfGradient: Float64Array;
  readonly error: number;
}

export function deviationAt(part: PortfolioPart, w: ArrayLike<number>, rounding: number): DeviationAt {
  const { variance, covarianceWithAll, covariance, deviations } = part;
  const n = deviations.length;
  const halfGradient = new Float64Array(n);
  let reach = 0;
  for (let i = 0; i < n; i++) reach += w[i] * deviations[i];
  let change = 0;
  let size = 0;
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0, row = i * n; j < n; j++) product += covariance[row + j] * w[j];
    halfGradient[i] = product - covarianceWithAll[i];
    change += w[i] * (product - 2 * covarianceWithAll[i]);
    size += w[i] * (deviations[i] * reach + 2 * Math.abs(covarianceWithAll[i]));
  }
  const before = Math.sqrt(variance);
  const deviation = Math.sqrt(Math.max(variance + change, 0));
  const sum = before + deviation;
  const error = rounding * size;
  return {
    change: sum > 0 ? Math.max(change / sum, -before) : 0,
    deviation,
    halfGradient,
    error: sum > 0 ? Math.min(Math.sqrt(error), error / sum) : 0,
  };
}

/** R(w) − R0: the largest of all pieces, and how far rounding may have moved it, money. */
export function lossChange(
  part: PortfolioPart,
  w: ArrayLike<number>,
  rounding: number,
): { change: number; error: number } {
  const { worst, evarMultiple, evarHeadroom, scenarios, losses, headroom, deviations } = part;
  const n = deviations.length;
  let change = -worst;
  let error = 0;
  if (evarMultiple > 0) {
    const at = deviationAt(part, w, rounding);
    change = Math.max(change, evarMultiple * at.change - evarHeadroom);
    error = evarMultiple * at.error;
  }
  for (let k = 0; k < scenarios; k++) {
    let loss = -headroom[k];
    let size = 0;
    for (let i = 0; i < n; i++) {
      const part = losses[k * n + i] * w[i];
      loss -= part;
      size += Math.abs(part);
    }
    change = Math.max(change, loss);
    error = Math.max(error, rounding * size);
  }
  return { change, error };
}

/** φ(R) − φ(R0) for R = R0 + change. */
export function concentrated({ worst, concentrationRate }: PortfolioPart, change: number): number {
  return change * (1 + concentrationRate * (2 * worst + change));
}
