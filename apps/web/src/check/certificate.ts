import type { Verdict } from '#lib/liquidation';

export interface Checked extends Verdict {
  /** how long the check took, milliseconds */
  readonly ms: number;
}

/**
 * Checks a liquidation plan by the same checker that the engine, the SDK and the contracts' statements go by. It is loaded when
 * it is first needed.
 *
 * @param plan as JSON was read, of anyone
 */
export async function checkPlan(plan: unknown): Promise<Checked> {
  const { verifyCertificate } = await import('./verify-certificate.js');
  const started = performance.now();
  const verdict = verifyCertificate(plan);
  return { ...verdict, ms: performance.now() - started };
}
