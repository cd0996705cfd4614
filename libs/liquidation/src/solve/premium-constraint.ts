import { liabilityRisk } from '#lib/risk';
import { marginExcess } from '../certificate/bounds.js';
import { linearExcess, type LiquidationProgram, riskChangeAt, varianceAt } from '../program/program.js';

/** G1 with its first and second derivatives; the Hessian is positive semi-definite. */
export interface PremiumConstraint {
  readonly value: number;
  readonly gradient: Float64Array;
  /** h_s·∇²s + h_ss·∇s∇sᵀ, n×n */
  readonly hessian: Float64Array;
  /** shift of the tilt that attains h at s(w) */
  readonly shift: number;
}

export function premiumConstraint(program: LiquidationProgram, w: ArrayLike<number>): PremiumConstraint {
  const { n, relief, covariance, mean, logAlpha } = program;
  const at = varianceAt(program, w);
  const { variance, halfGradient } = at;
  const volatility = Math.sqrt(variance);
  const risk = liabilityRisk('evar', mean, volatility, logAlpha);
  const gradient = new Float64Array(n);
  const hessian = new Float64Array(n * n);
  // At s = 0 the norm has no gradient; zero is one of its subgradients.
  const perVolatility = volatility > 0 ? 1 / volatility : 0;
  for (let i = 0; i < n; i++) gradient[i] = risk.hs * halfGradient[i] * perVolatility - relief[i];
  const along = (risk.hss - risk.hs * perVolatility) * perVolatility * perVolatility;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      hessian[i * n + j] =
        risk.hs * perVolatility * covariance[i * n + j] + along * halfGradient[i] * halfGradient[j];
    }
  }
  return {
    value: linearExcess(program, w) + riskChangeAt(program, at, risk.shift).change,
    gradient,
    hessian,
    shift: risk.shift,
  };
}

/** The shift of {@link premiumConstraint} alone. */
export function premiumShift(program: LiquidationProgram, w: ArrayLike<number>): number {
  const volatility = Math.sqrt(varianceAt(program, w).variance);
  return liabilityRisk('evar', program.mean, volatility, program.logAlpha).shift;
}

/**
 * The excess along w + τ(to − w). With linear margin it is linear and quadratic in τ before the risk measure, O(1) an
 * evaluation.
 */
export function excessAlong(
  program: LiquidationProgram,
  from: Float64Array,
  to: Float64Array,
): (tau: number) => number {
  const { n, covariance } = program;
  if (program.portfolio) {
    return (tau) => {
      const w = from.map((value, i) => value + tau * (to[i] - value));
      const { change } = riskChangeAt(program, varianceAt(program, w));
      return marginExcess(program, w) + Math.max(change, 0);
    };
  }
  const start = varianceAt(program, from);
  const linear = linearExcess(program, from);
  let slope = 0;
  let curvature = 0;
  let descent = 0;
  for (let i = 0; i < n; i++) {
    const step = to[i] - from[i];
    slope += step * start.halfGradient[i];
    descent += step * program.relief[i];
    for (let j = 0; j < n; j++) curvature += step * covariance[i * n + j] * (to[j] - from[j]);
  }
  return (tau) => {
    const change = start.change + tau * (2 * slope + tau * curvature);
    const risk = riskChangeAt(program, { change, error: 0 });
    return linear - tau * descent + Math.max(risk.change, 0);
  };
}
