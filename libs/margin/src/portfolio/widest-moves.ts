import type { PortfolioModel } from './parameters.js';

/** u_i: the widest move of any scenario, or 2κσ_i with room for σ_i to rise. */
export function widestMoves(
  { n, scenarios, shocks, covariance, evarMultiple }: PortfolioModel,
  rises: number,
): Float64Array<ArrayBuffer> {
  const K = scenarios.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let most = rises * evarMultiple * Math.sqrt(Math.max(covariance[i * n + i], 0));
    for (let k = 0; k < K; k++) most = Math.max(most, Math.abs(shocks[i * K + k]));
    return most;
  });
}
