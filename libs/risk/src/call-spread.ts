import type { Exposure } from './book.js';
import type { Allocation, RiskContributions, Split } from './euler-allocation.js';
import { expectedPositivePart, normalCdf, normalDensity } from './normal.js';

/**
 * The liquidity providers' position: short a call spread on the whole book, seen as one virtual asset
 * S^v ~ N(F, s²), with strikes K1 = C+P (where losses reach L) and K2 = C+P+L (where L is used up).
 */
export interface CallSpread {
  /** d_j = (F − K_j)/s */
  readonly d1: number;
  readonly d2: number;
  /** C_{K1,K2} = s·[ψ(d1) − ψ(d2)], money */
  readonly price: number;
  /** ∂price/∂F = Φ(d1) − Φ(d2) */
  readonly delta: number;
  /** ∂²price/∂F² = [φ(d1) − φ(d2)]/s */
  readonly gamma: number;
  /** ∂price/∂s = φ(d1) − φ(d2) */
  readonly vega: number;
}

/**
 * Bachelier's formula without discounting (Bachelier 1900; ψ(d) = dΦ(d) + φ(d)). At s = 0 the payoff.
 *
 * @param forward F = qᵀμ
 * @param lowerStrike K1
 * @param width K2 − K1 = L ≥ 0
 * @param s standard deviation of the book's value over τ
 */
export function callSpread(forward: number, lowerStrike: number, width: number, s: number): CallSpread {
  const aboveLower = forward - lowerStrike;
  if (s === 0) {
    const price = Math.min(Math.max(aboveLower, 0), width);
    const delta = aboveLower > 0 && aboveLower < width ? 1 : 0;
    return { d1: aboveLower / s, d2: (aboveLower - width) / s, price, delta, gamma: 0, vega: 0 };
  }
  const d1 = aboveLower / s;
  const d2 = (aboveLower - width) / s;
  const vega = normalDensity(d1) - normalDensity(d2);
  return {
    d1,
    d2,
    price: s * (expectedPositivePart(d1) - expectedPositivePart(d2)),
    delta: normalCdf(d1) - normalCdf(d2),
    gamma: vega / s,
    vega,
  };
}

/**
 * LP funding f^L = ∂C/∂τ = [φ(d1) − φ(d2)]·ṡ split over markets:
 * f^L_i = (ṡ/s)·[−d1φ(d1)m1_i + d2φ(d2)m2_i + (d1²φ(d1) − d2²φ(d2))·b_i] + [φ(d1) − φ(d2)]·ḃ_i.
 * With `covariance` m1_i = β_i(F−K1), m2_i = β_i(F−K2) and the bracket vanishes.
 * With `paper` m1_i = m2_i = q_iμ_i − C_i and capital keeps (ṡ/s)·[d1φ(d1)P − d2φ(d2)(P+L)].
 */
export function liquidityFundingRates(
  allocation: Allocation,
  spread: CallSpread,
  exposure: Exposure,
  marketMeans: Split,
  contributions: RiskContributions,
  capital: number,
  liquidity: number,
): Split {
  const { volatility: s, volatilityRate: sDot } = exposure;
  if (s === 0) return { markets: new Float64Array(contributions.beta.length), capital: 0 };
  const fromVolatility = contributions.volatilityRate.map((rate) => spread.vega * rate);
  if (allocation === 'covariance') return { markets: fromVolatility, capital: 0 };
  const weight1 = spread.d1 * normalDensity(spread.d1);
  const weight2 = spread.d2 * normalDensity(spread.d2);
  const perVolatility = spread.d1 * weight1 - spread.d2 * weight2;
  return {
    markets: fromVolatility.map(
      (part, i) =>
        part +
        (sDot / s) *
          ((weight2 - weight1) * marketMeans.markets[i] + perVolatility * contributions.volatility[i]),
    ),
    capital: (sDot / s) * (weight1 * capital - weight2 * (capital + liquidity)),
  };
}

/** The LPs' payoff at t+τ if the virtual asset ends at `terminal`: Y = −(S^v−C−P)⁺ + (S^v−C−P−L)⁺ ∈ [−L, 0]. */
export function liquidityPayout(terminal: number, lowerStrike: number, liquidity: number): number {
  return -Math.min(Math.max(terminal - lowerStrike, 0), liquidity);
}
