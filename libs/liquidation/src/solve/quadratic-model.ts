import { cscFromDense, type Osqp, type OsqpResult, upperTriangleFromDense } from 'osqp-wasm';
import type { LiquidationProgram } from '../program/program.js';
import { RepeatedProgram } from './repeated-program.js';
import { type PremiumConstraint } from './premium-constraint.js';

const SETTINGS = {
  epsAbs: 1e-5,
  epsRel: 1e-5,
  epsPrimInf: 1e-12,
  epsDualInf: 1e-12,
  maxIter: 2000,
  checkTermination: 10,
  polish: true,
  polishRefineIter: 5,
  adaptiveRhoInterval: 20,
  checkConvexity: false,
} as const;

/** A fraction within OSQP's tolerance of a bound counts as at the bound. */
function snapped(fraction: number): number {
  if (fraction < 1e-10) return 0;
  return fraction > 1 - 1e-10 ? 1 : fraction;
}

/**
 * The quadratic program of one SQP step, in x_i = c_i·w_i/T: closed notional by position in units of T, a first
 * guess of the optimum. So scaled, costs are one, sizes over six orders of magnitude stay in their bounds instead of
 * the matrices, and OSQP's absolute tolerance means the same for a small deficit as for a large one.
 */
export class QuadraticModel implements Disposable {
  private readonly programs: RepeatedProgram;
  private readonly n: number;
  /** w_i per x_i */
  private readonly scale: Float64Array;

  constructor(
    osqp: Osqp,
    private readonly program: LiquidationProgram,
    private readonly unit: number,
  ) {
    this.programs = new RepeatedProgram(osqp, SETTINGS);
    this.n = program.n;
    this.scale = program.notionals.map((notional) => unit / notional);
  }

  /**
   * Minimises the objective with the Lagrangian's curvature λ1·∇²G1(w_k) under G0 and G1 linearised at w_k.
   *
   * @returns the solution in w, and the two constraints' multipliers; undefined where OSQP gave none
   */
  step(
    at: Float64Array,
    constraint: PremiumConstraint,
    multiplier: number,
  ): { w: Float64Array; multipliers: [number, number]; status: OsqpResult['status'] } | undefined {
    const { n, scale, unit, program } = this;
    const hessian = new Float64Array(n * n);
    const cost = new Float64Array(n).fill(1);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const curvature = (multiplier * constraint.hessian[i * n + j] * scale[i] * scale[j]) / unit;
        hessian[i * n + j] = curvature;
        cost[i] -= (curvature * at[j]) / scale[j];
      }
      // The impact's curvature is the objective's own, not a model's: no shift by the current point.
      hessian[i * n + i] += (program.impacts[i] * scale[i] * scale[i]) / unit;
    }
    const rows = new Float64Array((n + 2) * n);
    let linearised = -constraint.value;
    for (let i = 0; i < n; i++) {
      rows[i] = (-program.relief[i] * scale[i]) / unit;
      rows[n + i] = (constraint.gradient[i] * scale[i]) / unit;
      rows[(i + 2) * n + i] = 1;
      linearised += constraint.gradient[i] * at[i];
    }
    const l = new Float64Array(n + 2);
    const u = Float64Array.from({ length: n + 2 }, (_, row) => (row < 2 ? 0 : 1 / scale[row - 2]));
    l.fill(-Infinity, 0, 2);
    u[0] = -program.deficit / unit;
    u[1] = linearised / unit;
    // Both rows to a largest coefficient of one: their multipliers, tens otherwise, become comparable to the costs.
    const rowScale = [0, 1].map((row) => {
      const size = rows
        .subarray(row * n, (row + 1) * n)
        .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      return size > 0 ? 1 / size : 1;
    });
    for (let row = 0; row < 2; row++) {
      for (let i = 0; i < n; i++) rows[row * n + i] *= rowScale[row];
      u[row] *= rowScale[row];
    }
    const { x, y, status } = this.programs.solve(
      {
        P: upperTriangleFromDense(n, hessian, true),
        q: cost,
        A: cscFromDense(n + 2, n, rows, (row, column) => row < 2 || row === column + 2),
        l,
        u,
      },
      at.map((value, i) => value / scale[i]),
    );
    if (!Number.isFinite(x[0])) return undefined;
    return {
      w: x.map((value, i) => snapped(value * scale[i])),
      multipliers: [Math.max(0, y[0] * rowScale[0]), Math.max(0, y[1] * rowScale[1])],
      status,
    };
  }

  [Symbol.dispose](): void {
    this.programs[Symbol.dispose]();
  }
}
