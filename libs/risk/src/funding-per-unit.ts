import type { Assessment } from './assessment.js';
import type { Book } from './book.js';
import type { Allocation } from './euler-allocation.js';
/**
 * Funding of one unit of size, money per year: f_i/q_i, and its limit where longs and shorts cancel (q_i = 0). Under `covariance`
 * every f_i is q_i times ṡ·(h_ms·(Σq)_i·m/s² + h_ss·(Σq)_i/s) + h_s·((Σ̇q)_i/s − (Σq)_i·ṡ/s²), and f^L_i is q_i times the last
 * bracket times the call spread's vega: a unit's funding does not depend on how the others' sizes net. Under `paper` a market of
 * q_i = 0 owes nothing.
 *
 * @param charged rates by market as they are charged
 */
export function fundingPerUnit(
  allocation: Allocation,
  assessment: Pick<Assessment, 'exposure' | 'risk' | 'callSpread'>,
  charged: { readonly risk: Float64Array; readonly liquidity: Float64Array },
  book: Pick<Book, 'signedSizes'>,
): { readonly risk: Float64Array; readonly liquidity: Float64Array } {
  const { exposure, risk, callSpread } = assessment;
  const { volatility: s, volatilityRate: sDot, mean } = exposure;
  const limit = allocation === 'covariance' && s > 0;
  const n = book.signedSizes.length;
  const toExchange = new Float64Array(n);
  const toLiquidity = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const q = book.signedSizes[i];
    if (q !== 0) {
      toExchange[i] = charged.risk[i] / q;
      toLiquidity[i] = charged.liquidity[i] / q;
    } else if (limit) {
      const sigma = exposure.covarianceTimesSize[i];
      const rate = exposure.rateTimesSize[i] / s - (sigma * sDot) / (s * s);
      toExchange[i] = sDot * ((risk.hms * sigma * mean) / (s * s) + (risk.hss * sigma) / s) + risk.hs * rate;
      toLiquidity[i] = callSpread.vega * rate;
    }
  }
  return { risk: toExchange, liquidity: toLiquidity };
}
