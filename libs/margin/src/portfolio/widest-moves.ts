import type { PortfolioModel } from './parameters.js';

/**
 * The widest move of a market in any scenario.
 *
 * @param index of the market in the model
 */
export function widestShock(
  { scenarios, shocks }: Pick<PortfolioModel, 'scenarios' | 'shocks'>,
  index: number,
): number {
  const K = scenarios.length;
  let most = 0;
  for (let at = index * K; at < (index + 1) * K; at++) most = Math.max(most, Math.abs(shocks[at]));
  return most;
}

/** u_i: the widest move of any scenario, or 2κσ_i with room for σ_i to rise. */
export function widestMoves(model: PortfolioModel, rises: number): Float64Array<ArrayBuffer> {
  const { n, covariance, evarMultiple } = model;
  const widest = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const deviation = Math.sqrt(Math.max(covariance[i * n + i], 0));
    widest[i] = Math.max(rises * evarMultiple * deviation, widestShock(model, i));
  }
  return widest;
}
