import { cscFromDense, type Osqp, type OsqpSolver, upperTriangleFromDense } from 'osqp-wasm';
import { roundingOf } from './candidates.js';
import { type DualWitness, infeasibility } from './certificate.js';
import { excessAlong, linearExcess, type LiquidationProgram, premiumConstraint } from './program.js';

/** Either a point that restores the margin with some room, or the proof that there is none. */
export type Feasibility =
  | { readonly feasible: true; readonly w: Float64Array }
  | { readonly feasible: false; readonly witness: DualWitness }
  /** neither was found: margin can be restored by less than rounding, or the iterations did not suffice */
  | { readonly feasible: undefined; readonly least: number };

/**
 * Minimises max(G0, G1) over [0,1]ⁿ until the sign of the minimum is known. Closing everything is tried first; what is
 * left are accounts whose closing raises the pool's risk by more than they have.
 */
export function findFeasible(program: LiquidationProgram, osqp: Osqp): Feasibility {
  const { n } = program;
  const excessAt = (w: Float64Array) =>
    Math.max(linearExcess(program, w), premiumConstraint(program, w).value);
  const room = 4 * roundingOf(program);
  const all = new Float64Array(n).fill(1);
  if (excessAt(all) < -room) return { feasible: true, w: all };
  const proves = (dual: DualWitness): boolean => infeasibility(program, dual) > 0;
  const linearOnly: DualWitness = { linear: 1, cuts: [] };
  if (proves(linearOnly)) return { feasible: false, witness: linearOnly };
  using model = new EpigraphModel(osqp, program);
  let w: Float64Array = new Float64Array(n).fill(0.5);
  let least = excessAt(w);
  for (let iteration = 0; iteration < 60; iteration++) {
    if (least < -room) return { feasible: true, w };
    const constraint = premiumConstraint(program, w);
    const next = model.step(w, constraint.value, constraint.gradient, constraint.hessian);
    if (next === undefined) break;
    const cut = { point: Array.from(w), shift: constraint.shift };
    const dual: DualWitness = {
      linear: next.multipliers[0],
      cuts: [{ ...cut, multiplier: next.multipliers[1] }],
    };
    if (proves(dual)) return { feasible: false, witness: dual };
    const along = excessAlong(program, w, next.w);
    let tau = 1;
    while (tau > 1e-10 && along(tau) >= least) tau *= 0.5;
    const moved = w.map((value, i) => value + tau * (next.w[i] - value));
    const excess = excessAt(moved);
    if (excess >= least) break;
    w = moved;
    least = excess;
  }
  return { feasible: undefined, least };
}

/** min t + ½(x−w)ᵀH(x−w) over x ∈ [0,1]ⁿ with both linearised constraints below t; money in units of the notional. */
class EpigraphModel implements Disposable {
  private solver: OsqpSolver | undefined;
  private readonly unit: number;

  constructor(
    private readonly osqp: Osqp,
    private readonly program: LiquidationProgram,
  ) {
    this.unit = program.notionals.reduce((sum, value) => sum + value, 0);
  }

  step(
    at: Float64Array,
    value: number,
    gradient: Float64Array,
    hessian: Float64Array,
  ): { w: Float64Array; multipliers: [number, number] } | undefined {
    const { n, deficit, relief } = this.program;
    const size = n + 1;
    const P = new Float64Array(size * size);
    const q = new Float64Array(size);
    q[n] = 1;
    const rows = new Float64Array((n + 2) * size);
    let linearised = -value;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const curvature = hessian[i * n + j] / this.unit;
        P[i * size + j] = curvature;
        q[i] -= curvature * at[j];
      }
      rows[i] = -relief[i] / this.unit;
      rows[size + i] = gradient[i] / this.unit;
      rows[(i + 2) * size + i] = 1;
      linearised += gradient[i] * at[i];
    }
    rows[n] = -1;
    rows[size + n] = -1;
    const l = new Float64Array(n + 2);
    const u = new Float64Array(n + 2).fill(1);
    l.fill(-Infinity, 0, 2);
    u[0] = -deficit / this.unit;
    u[1] = linearised / this.unit;
    const matrices = {
      P: upperTriangleFromDense(size, P, true),
      A: cscFromDense(n + 2, size, rows, (row, column) => row < 2 || row === column + 2),
    };
    if (this.solver === undefined) {
      const settings = {
        epsAbs: 1e-8,
        epsRel: 1e-8,
        polish: true,
        adaptiveRhoInterval: 25,
        checkConvexity: false,
      };
      this.solver = this.osqp.setup({ ...matrices, q, l, u }, settings);
    } else {
      this.solver.updateMatrices({ P: matrices.P.values, A: matrices.A.values });
      this.solver.updateVectors({ q, l, u });
    }
    const { x, y } = this.solver.solve();
    if (!Number.isFinite(x[0])) return undefined;
    return {
      w: x.slice(0, n).map((fraction) => Math.min(1, Math.max(0, fraction))),
      multipliers: [Math.max(0, y[0]), Math.max(0, y[1])],
    };
  }

  [Symbol.dispose](): void {
    this.solver?.free();
  }
}
