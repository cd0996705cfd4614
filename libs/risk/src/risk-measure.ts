import { standardisedEsscher } from './esscher.js';
import { standardisedEvar, type StandardisedEvar } from './evar.js';

/** `evar` is the defined measure; `esscher` the original paper's closed form, a lower bound. */
export type RiskMeasure = 'evar' | 'esscher';

/** h(m, s), the risk of X⁺ for X ~ N(m, s²), with its first and second derivatives. Money units. */
export interface LiabilityRisk {
  readonly value: number;
  /** k = m/(κs); ±Infinity or NaN where s = 0 */
  readonly k: number;
  readonly tilt: number;
  /** tilt + 2k, see {@link StandardisedEvar.shift} */
  readonly shift: number;
  readonly hm: number;
  readonly hs: number;
  readonly hmm: number;
  readonly hms: number;
  readonly hss: number;
}

const STANDARDISED: Record<RiskMeasure, (k: number, logAlpha: number) => StandardisedEvar> = {
  evar: standardisedEvar,
  esscher: standardisedEsscher,
};

/**
 * h(m, s) = s·g(m/s): both measures are positively homogeneous of degree one, so one function of k is enough.
 * At s = 0 the liability is certain and h = max(m, 0).
 *
 * @param m mean of the liability at t+τ, money
 * @param s its standard deviation, money, ≥ 0
 * @param logAlpha ln α, negative
 * @param tailFactor κ: the measure is h(m, κs), and hs, hms, hss are its derivatives in s
 */
export function liabilityRisk(
  measure: RiskMeasure,
  m: number,
  s: number,
  logAlpha: number,
  tailFactor = 1,
): LiabilityRisk {
  if (tailFactor !== 1) {
    const at = liabilityRisk(measure, m, tailFactor * s, logAlpha);
    const { value, k, tilt, shift, hm, hmm } = at;
    const [hs, hms, hss] = [tailFactor * at.hs, tailFactor * at.hms, tailFactor * tailFactor * at.hss];
    return { value, k, tilt, shift, hm, hs, hmm, hms, hss };
  }
  const k = m / s;
  // A volatility too small to divide by counts as none.
  if (s === 0 || !Number.isFinite(k)) {
    const hm = m > 0 ? 1 : 0;
    const hs = m > 0 ? Math.sqrt(-2 * logAlpha) : m < 0 ? 0 : STANDARDISED[measure](0, logAlpha).value;
    return { value: Math.max(m, 0), k, tilt: 0, shift: 0, hm, hs, hmm: 0, hms: 0, hss: 0 };
  }
  const g = STANDARDISED[measure](k, logAlpha);
  const hmm = g.curvature / s;
  return {
    value: s * g.value,
    k,
    tilt: g.tilt,
    shift: g.shift,
    hm: g.slope,
    hs: g.volatilitySlope,
    hmm,
    hms: -k * hmm,
    hss: k * k * hmm,
  };
}

/** The value alone of {@link liabilityRisk}. */
export function liabilityRiskValue(
  measure: RiskMeasure,
  m: number,
  s: number,
  logAlpha: number,
  tailFactor = 1,
): number {
  const scaled = tailFactor * s;
  const k = m / scaled;
  return s === 0 || !Number.isFinite(k) ? Math.max(m, 0) : scaled * STANDARDISED[measure](k, logAlpha).value;
}
