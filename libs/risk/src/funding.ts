import type { Exposure } from './book.js';
import type { RiskContributions, Split } from './euler-allocation.js';
import type { LiabilityRisk } from './risk-measure.js';

/**
 * Funding rates f_i = ∂ρ_i/∂τ = ṡ·(h_ms·m_i + h_ss·b_i) + h_s·ḃ_i with the split of m held fixed, paid by open
 * positions, money per year. The parts add up to ∂h/∂τ = h_s·ṡ.
 */
export function fundingRates(
  risk: LiabilityRisk,
  exposure: Exposure,
  split: Split,
  contributions: RiskContributions,
): Split {
  const sDot = exposure.volatilityRate;
  return {
    markets: split.markets.map(
      (mean, i) =>
        sDot * (risk.hms * mean + risk.hss * contributions.volatility[i]) +
        risk.hs * contributions.volatilityRate[i],
    ),
    capital: sDot * risk.hms * split.capital,
  };
}

/**
 * Funding that somebody can be charged for: a market where longs and shorts cancel (q_i = 0) has nobody to
 * pay its rate, so the rate is spread over the other markets by β and the charges still add up to the whole.
 * Where no market can pay, the amount stays unallocated.
 */
export function chargeableRates(
  rates: Float64Array,
  signedSizes: Float64Array,
  beta: Float64Array,
): { rates: Float64Array; unallocated: number } {
  let orphaned = 0;
  let payers = 0;
  for (let i = 0; i < rates.length; i++) {
    if (signedSizes[i] === 0) orphaned += rates[i];
    else payers += beta[i];
  }
  if (payers === 0)
    return { rates: rates.map((rate, i) => (signedSizes[i] === 0 ? 0 : rate)), unallocated: orphaned };
  return {
    rates: rates.map((rate, i) => (signedSizes[i] === 0 ? 0 : rate + (orphaned * beta[i]) / payers)),
    unallocated: 0,
  };
}

/** An account's share of a market's rate: f_i·q_ij/q_i; negative where it receives. Money per year. */
export function accountFundingRate(marketRate: number, accountSize: number, marketSize: number): number {
  return marketSize === 0 ? 0 : (marketRate * accountSize) / marketSize;
}
