import type { Book, Exposure, MarketForecast } from './book.js';
import type { LiabilityRisk } from './risk-measure.js';

/**
 * How the deterministic part m of the liability is split over markets.
 * `covariance`: m_i = β_i·m, β_i = b_i/s, so that funding per unit of size stays finite as q_i → 0.
 * `paper`: m_i = q_iμ_i − C_i, and capital keeps −(P+L) as a share of its own.
 */
export type Allocation = 'covariance' | 'paper';

/** A quantity split over markets and capital so that the parts add up to the whole (Euler's theorem). */
export interface Split {
  readonly markets: Float64Array;
  readonly capital: number;
}

/** The building blocks of every Euler split of a book. */
export interface RiskContributions {
  /** b_i = q_i(Σq)_i/s, Σ b_i = s */
  readonly volatility: Float64Array;
  /** ḃ_i = q_i(Σ̇q)_i/s − b_i·ṡ/s, Σ ḃ_i = ṡ */
  readonly volatilityRate: Float64Array;
  /** β_i = b_i/s, Σ β_i = 1 (all 0 where s = 0) */
  readonly beta: Float64Array;
}

export function riskContributions(book: Book, exposure: Exposure): RiskContributions {
  const n = book.signedSizes.length;
  const volatility = new Float64Array(n);
  const volatilityRate = new Float64Array(n);
  const beta = new Float64Array(n);
  const s = exposure.volatility;
  if (s > 0) {
    for (let i = 0; i < n; i++) {
      const q = book.signedSizes[i];
      volatility[i] = (q * exposure.covarianceTimesSize[i]) / s;
      volatilityRate[i] = (q * exposure.rateTimesSize[i]) / s - (volatility[i] * exposure.volatilityRate) / s;
      beta[i] = volatility[i] / s;
    }
  }
  return { volatility, volatilityRate, beta };
}

/**
 * Split of a certain amount F − K (a forward less a strike) over markets: by β, or literally q_iμ_i − C_i with
 * the rest of the strike kept by capital.
 */
export function splitOfMean(
  allocation: Allocation,
  amount: number,
  book: Book,
  forecast: MarketForecast,
  contributions: RiskContributions,
): Split {
  if (allocation === 'covariance')
    return { markets: contributions.beta.map((beta) => beta * amount), capital: 0 };
  const markets = book.signedSizes.map((q, i) => q * forecast.prices[i] - book.entryNotionals[i]);
  return { markets, capital: amount - markets.reduce((sum, part) => sum + part, 0) };
}

/**
 * Euler allocation ρ_i = h_m·m_i + h_s·b_i; the parts add up to h.
 *
 * Source: Tasche, "Risk contributions and performance measurement" (1999), theorem 4.4, applied to
 * X = Σ_i [q_i(S_i − μ_i) + m_i]. In a book of zero volatility the mean cannot be split by β and stays with
 * capital.
 */
export function eulerAllocation(risk: LiabilityRisk, split: Split, contributions: RiskContributions): Split {
  return {
    markets: split.markets.map((mean, i) => risk.hm * mean + risk.hs * contributions.volatility[i]),
    capital: risk.hm * split.capital,
  };
}
