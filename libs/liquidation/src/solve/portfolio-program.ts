// Long because values, gradients and witness of one convex program are of the same arrays.
import { type LiabilityRisk, liabilityRisk } from '#lib/risk';
import type { DualWitness, LossWeight } from '../certificate/witness.js';
import {
  concentrated,
  type DeviationAt,
  deviationAt,
  lossChange,
  type PortfolioPart,
} from '../program/portfolio-part.js';
import { type LiquidationProgram, riskChangeAt, type VarianceAt, varianceAt } from '../program/program.js';
import type { ConvexProgram } from './interior-point.js';

/**
 * The liquidation program for {@link ConvexProgram}, in units T of money: x_i = c_i·w_i/T, r = (R−R0)/T, π, and for
 * positions with tiers τ_i = −relief_i/T.
 *
 *     minimise  Σ x_i + impact     subject to  G ≤ 0,  R_k ≤ R,  (2κs)²/R ≤ R,  h − h0 ≤ π,  0 ≤ π, R,  0 ≤ w ≤ 1
 *
 * The EVaR's row is written as a quotient, smooth at s = 0 as well. For feasibility the objective is t, with G ≤ t.
 */
export class PortfolioProgram implements ConvexProgram {
  readonly variables: number;
  readonly rows: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly start: Float64Array;
  private readonly n: number;
  private readonly loss: number;
  private readonly premium: number;
  private readonly slack: number;
  private readonly scenarioRows: number[] = [];
  private readonly evarRow: number;
  private readonly premiumRow: number;
  private readonly stepRows: { i: number; tau: number; from: number; at: number; relief: number }[] = [];
  /** w_i per x_i */
  private readonly scale: Float64Array;
  private readonly part: PortfolioPart;
  /** w of the point whose rows are computed */
  private readonly w: Float64Array;
  /** the point whose rows were computed last, with what its derivatives need again */
  private readonly seen: Float64Array;
  private variance: VarianceAt | undefined;
  private deviation: DeviationAt | undefined;

  /**
   * @param unit T, about the objective's size, money
   * @param purpose `optimum`, or `feasibility` to minimise the excess instead
   */
  constructor(
    private readonly program: LiquidationProgram,
    private readonly unit: number,
    private readonly purpose: 'optimum' | 'feasibility',
  ) {
    const { n, notionals } = program;
    this.n = n;
    const part = program.portfolio ?? linearPart(n);
    this.part = part;
    this.scale = notionals.map((notional) => unit / notional);
    this.w = new Float64Array(n);
    this.loss = n;
    this.premium = n + 1;
    let variables = n + 2;
    let rows = 1;
    for (let k = 0; k < part.scenarios; k++) if (this.canBind(k)) this.scenarioRows.push(k);
    rows += this.scenarioRows.length;
    this.evarRow = part.evarMultiple > 0 && part.variance > 0 ? rows++ : -1;
    this.premiumRow = rows++;
    part.steps.forEach((steps, i) => {
      if (steps === undefined) return;
      let from = 0;
      let relieved = 0;
      for (const { until, relief } of steps) {
        this.stepRows.push({ i, tau: variables, from, at: relieved, relief });
        relieved += relief * (until - from);
        from = until;
        rows++;
      }
      variables++;
    });
    this.slack = purpose === 'feasibility' ? variables++ : -1;
    this.variables = variables;
    this.seen = new Float64Array(variables).fill(NaN);
    this.rows = rows;
    this.lower = new Float64Array(variables).fill(-Infinity);
    this.upper = new Float64Array(variables).fill(Infinity);
    this.lower.fill(0, 0, n);
    for (let i = 0; i < n; i++) this.upper[i] = 1 / this.scale[i];
    this.lower[this.loss] = -part.worst / unit;
    this.lower[this.premium] = 0;
    this.start = new Float64Array(variables);
    for (let i = 0; i < n; i++) this.start[i] = 0.5 * Math.min(this.upper[i], 1);
    const w = this.fractions(this.start);
    const change = lossChange(part, w, 0).change / unit;
    this.start[this.loss] = Math.max(change, 0.5 * this.lower[this.loss]) + 0.1;
    this.start[this.premium] = 1;
    for (const { i, tau } of this.stepRows) this.start[tau] = -(program.relief[i] * w[i]) / unit;
    if (this.slack >= 0) this.start[this.slack] = Math.abs(program.deficit) / unit;
  }

  /** Whether a scenario can be the worst for any w: its loss can exceed the least that another loses. */
  private canBind(k: number): boolean {
    const { losses, headroom, worst } = this.part;
    let most = worst - headroom[k];
    for (let i = 0; i < this.n; i++) most -= Math.min(0, losses[k * this.n + i]);
    return most > 0;
  }

  /** w of an iterate. */
  fractions(z: Float64Array): Float64Array {
    return this.scale.map((scale, i) => Math.min(1, Math.max(0, z[i] * scale)));
  }

  values(z: Float64Array, g: Float64Array): boolean {
    const { n, program, part, unit } = this;
    const w = this.look(z);
    const r = z[this.loss] * unit;
    let main = program.deficit + concentrated(part, r) + z[this.premium] * unit;
    for (let i = 0; i < n; i++) {
      main += part.closing[i] * w[i] * (w[i] - 2);
      if (part.steps[i] === undefined) main -= program.relief[i] * w[i];
    }
    let row = 1;
    for (const k of this.scenarioRows) {
      let loss = -part.headroom[k];
      for (let i = 0; i < n; i++) loss -= part.losses[k * n + i] * w[i];
      g[row++] = (loss - r) / unit;
    }
    if (this.evarRow >= 0) {
      const rho = part.worst + r;
      if (!(rho > 0)) return false;
      g[this.evarRow] = this.evarExcess(this.deviationHere(), r) / rho / unit;
    }
    const at = this.varianceHere();
    const { shift } = this.riskOf(Math.sqrt(at.variance));
    g[this.premiumRow] = riskChangeAt(program, at, shift).change / unit - z[this.premium];
    row = this.premiumRow + 1;
    let counted = -1;
    for (const { i, tau, from, at, relief } of this.stepRows) {
      g[row++] = -(at + relief * (w[i] - from)) / unit - z[tau];
      // A position's steps follow each other.
      if (tau !== counted) main += z[tau] * unit;
      counted = tau;
    }
    g[0] = main / unit - (this.slack >= 0 ? z[this.slack] : 0);
    for (let i = 0; i < this.rows; i++) if (!Number.isFinite(g[i])) return false;
    return true;
  }

  /** Goes to an iterate. @returns its w, which rounding may put outside the bounds */
  private look(z: Float64Array): Float64Array {
    const { w, scale, n, seen } = this;
    let same = true;
    for (let j = 0; j < seen.length; j++) {
      if (seen[j] !== z[j]) same = false;
      seen[j] = z[j];
    }
    if (same) return w;
    for (let i = 0; i < n; i++) w[i] = z[i] * scale[i];
    this.variance = undefined;
    this.deviation = undefined;
    return w;
  }

  private varianceHere(): VarianceAt {
    return (this.variance ??= varianceAt(this.program, this.w));
  }

  private deviationHere(): DeviationAt {
    return (this.deviation ??= deviationAt(this.part, this.w, 0));
  }

  private riskOf(volatility: number): LiabilityRisk {
    const { mean, logAlpha } = this.program;
    return liabilityRisk('evar', mean, volatility, logAlpha);
  }

  /** (2κs(w))² − R², from changes. */
  private evarExcess({ change }: { change: number }, r: number): number {
    const { worst, evarMultiple, evarHeadroom, variance } = this.part;
    const before = Math.sqrt(variance);
    return (
      evarMultiple ** 2 * change * (2 * before + change) - (evarHeadroom + r) * (2 * worst - evarHeadroom + r)
    );
  }

  derivatives(
    z: Float64Array,
    multipliers: Float64Array,
    gradient: Float64Array,
    jacobian: Float64Array,
    hessian: Float64Array,
  ): void {
    const { n, variables: N, program, part, unit, scale, loss } = this;
    const w = this.look(z);
    const r = z[loss] * unit;
    if (this.slack >= 0) {
      gradient[this.slack] = 1;
      jacobian[this.slack] = -1;
    }
    for (let i = 0; i < n; i++) {
      const impact = this.purpose === 'optimum' ? program.impacts[i] : 0;
      if (this.purpose === 'optimum') gradient[i] = 1 + (impact * w[i] * scale[i]) / unit;
      const relief = part.steps[i] === undefined ? program.relief[i] : 0;
      jacobian[i] = ((2 * part.closing[i] * (w[i] - 1) - relief) * scale[i]) / unit;
      hessian[i * N + i] += ((impact + 2 * multipliers[0] * part.closing[i]) * scale[i] * scale[i]) / unit;
    }
    jacobian[loss] = 1 + 2 * part.concentrationRate * (part.worst + r);
    hessian[loss * N + loss] += multipliers[0] * 2 * part.concentrationRate * unit;
    jacobian[this.premium] = 1;
    let row = 1;
    for (const k of this.scenarioRows) {
      for (let i = 0; i < n; i++) jacobian[row * N + i] = (-part.losses[k * n + i] * scale[i]) / unit;
      jacobian[row * N + loss] = -1;
      row++;
    }
    if (this.evarRow >= 0) this.evarDerivatives(r, multipliers[this.evarRow], jacobian, hessian);
    this.premiumDerivatives(multipliers[this.premiumRow], jacobian, hessian);
    row = this.premiumRow + 1;
    for (const { i, tau, relief } of this.stepRows) {
      jacobian[row * N + i] = (-relief * scale[i]) / unit;
      jacobian[row * N + tau] = -1;
      jacobian[tau] = 1;
      row++;
    }
  }

  private evarDerivatives(
    r: number,
    multiplier: number,
    jacobian: Float64Array,
    hessian: Float64Array,
  ): void {
    const { n, variables: N, part, unit, scale, loss } = this;
    const at = this.deviationHere();
    const rho = part.worst + r;
    const square = this.evarExcess(at, r) + rho * rho;
    const four = part.evarMultiple ** 2;
    const base = this.evarRow * N;
    for (let i = 0; i < n; i++) {
      const slope = (2 * four * at.halfGradient[i] * scale[i]) / rho;
      jacobian[base + i] = slope / unit;
      hessian[loss * N + i] -= (multiplier * slope) / rho;
      for (let j = 0; j <= i; j++) {
        hessian[i * N + j] +=
          (multiplier * 2 * four * part.covariance[i * n + j] * scale[i] * scale[j]) / rho / unit;
      }
    }
    jacobian[base + loss] = -1 - square / (rho * rho);
    hessian[loss * N + loss] += (multiplier * 2 * square * unit) / rho ** 3;
  }

  private premiumDerivatives(multiplier: number, jacobian: Float64Array, hessian: Float64Array): void {
    const { n, variables: N, program, unit, scale } = this;
    const { variance, halfGradient } = this.varianceHere();
    const volatility = Math.sqrt(variance);
    const risk = this.riskOf(volatility);
    // At s = 0 the norm has no gradient; zero is one of its subgradients.
    const per = volatility > 0 ? 1 / volatility : 0;
    const along = (risk.hss - risk.hs * per) * per * per;
    const base = this.premiumRow * N;
    for (let i = 0; i < n; i++) {
      jacobian[base + i] = (risk.hs * halfGradient[i] * per * scale[i]) / unit;
      for (let j = 0; j <= i; j++) {
        const curvature =
          risk.hs * per * program.covariance[i * n + j] + along * halfGradient[i] * halfGradient[j];
        hessian[i * N + j] += (multiplier * curvature * scale[i] * scale[j]) / unit;
      }
    }
    jacobian[base + this.premium] = -1;
  }

  /** The bound that an iterate's multipliers prove. */
  witness(z: Float64Array, multipliers: Float64Array): DualWitness {
    const { part, program, unit } = this;
    const w = this.fractions(z);
    const margin = multipliers[0];
    const losses: LossWeight[] = this.scenarioRows.map((k, at) => ({
      scenario: k,
      multiplier: multipliers[1 + at],
    }));
    if (this.evarRow >= 0) {
      const rho = part.worst + z[this.loss] * unit;
      const ratio = (part.evarMultiple * deviationAt(part, w, 0).deviation) / rho;
      // The row's tangent at (w, R) is 2·ratio times that of 2κs − R, besides the terms common to both.
      losses.push({ evar: Array.from(w), multiplier: 2 * ratio * multipliers[this.evarRow] });
    }
    if (part.concentrationRate === 0) {
      // φ is the identity: the pieces' weights are at most the margin's, to the last bit.
      const weight = losses.reduce((sum, { multiplier }) => sum + multiplier, 0);
      const share = Math.min(1, (margin / weight) * (1 - 4 * losses.length * Number.EPSILON));
      for (const [at, one] of losses.entries()) losses[at] = { ...one, multiplier: share * one.multiplier };
    }
    const volatility = Math.sqrt(varianceAt(program, w).variance);
    const { shift } = this.riskOf(volatility);
    const charged = Math.min(multipliers[this.premiumRow], margin);
    const premium = [{ point: Array.from(w), shift, multiplier: charged }];
    return {
      margin,
      losses: program.portfolio ? losses.filter(({ multiplier }) => multiplier > 0) : [],
      premium: charged > 0 ? premium : [],
    };
  }
}

/** Linear margin as a portfolio's. */
function linearPart(n: number): PortfolioPart {
  const zeros = new Float64Array(n);
  return {
    worst: 0,
    evarMultiple: 0,
    evarHeadroom: 0,
    variance: 0,
    covarianceWithAll: zeros,
    covariance: new Float64Array(n * n),
    deviations: zeros,
    scenarios: 0,
    losses: new Float64Array(0),
    headroom: new Float64Array(0),
    closing: zeros,
    concentrationRate: 0,
    steps: Array.from({ length: n }, () => undefined),
  };
}
