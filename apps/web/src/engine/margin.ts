import type { Risk } from './answers.js';

/**
 * Margin of one market alone by the engine's forecast, a share of notional: κ √(−2 ln α) σ(τ). The next proven bar moves the oracle's
 * requirement towards it, within the rails.
 */
export function marginOf(
  risk: Pick<Risk, 'tailFactor' | 'alpha'> | undefined,
  volatility: number | undefined,
): number | undefined {
  return risk === undefined || volatility === undefined
    ? undefined
    : risk.tailFactor * Math.sqrt(-2 * Math.log(risk.alpha)) * volatility;
}
