import { cscFromDense, type Osqp, upperTriangleFromDense } from 'osqp-wasm';
import { roundingOf } from './candidates.js';
import { infeasibility, infeasibilitySlack } from '../certificate/bounds.js';
import type { DualWitness, Linearisation } from '../certificate/witness.js';
import { cutAt, linearConstraint, linearWitness } from './linear-lagrangian.js';
import { deepestPoint, type LinearSolver } from './cutting-planes.js';
import { goldenSection } from './dual-bound.js';
import { linearExcess, type LiquidationProgram } from '../program/program.js';
import { RepeatedProgram } from './repeated-program.js';
import { excessAlong, type PremiumConstraint, premiumConstraint } from './premium-constraint.js';

const SETTINGS = {
  epsAbs: 1e-8,
  epsRel: 1e-8,
  polish: true,
  adaptiveRhoInterval: 25,
  checkConvexity: false,
} as const;

/** Either a point that restores the margin with some room, or the proof that there is none. */
export type Feasibility =
  | { readonly feasible: true; readonly w: Float64Array }
  | { readonly feasible: false; readonly witness: DualWitness }
  /** neither was found: margin can be restored by less than rounding, or the iterations did not suffice */
  | { readonly feasible: undefined; readonly least: number };

/**
 * Minimises max(G0, G1) over [0,1]ⁿ until the sign of the minimum is known. Closing everything is tried first; the
 * left are accounts whose closing raises the pool's risk by more than they have.
 */
export function findFeasible(
  program: LiquidationProgram,
  { osqp, highs }: { osqp: Osqp; highs: LinearSolver },
): Feasibility & { readonly programs: number } {
  const { n } = program;
  const excessAt = (w: Float64Array) =>
    Math.max(linearExcess(program, w), premiumConstraint(program, w).value);
  const room = 4 * roundingOf(program);
  const slack = infeasibilitySlack(program);
  const all = new Float64Array(n).fill(1);
  if (excessAt(all) < -room) return { feasible: true, w: all, programs: 0 };
  const linearOnly = linearWitness(1, []);
  if (infeasibility(program, linearOnly) > -slack)
    return { feasible: false, witness: linearOnly, programs: 0 };
  using model = new EpigraphModel(osqp, program);
  let w: Float64Array = new Float64Array(n).fill(0.5);
  let least = excessAt(w);
  let programs = 0;
  for (let iteration = 0; iteration < 60; iteration++) {
    if (least < -room) return { feasible: true, w, programs };
    const constraint = premiumConstraint(program, w);
    const witness = bestWitness(program, { point: Array.from(w), shift: constraint.shift });
    if (infeasibility(program, witness) > -slack) return { feasible: false, witness, programs };
    const next = model.step(w, constraint);
    programs++;
    if (next === undefined) break;
    const along = excessAlong(program, w, next);
    let tau = 1;
    while (tau > 1e-10 && along(tau) >= least) tau *= 0.5;
    const moved = w.map((value, i) => value + tau * (next[i] - value));
    const excess = excessAt(moved);
    if (excess >= least) break;
    w = moved;
    least = excess;
  }
  // OSQP has stalled: cutting planes are slower, and sure.
  let witness: DualWitness | undefined;
  const found = deepestPoint(program, highs, w, (visited) => {
    programs++;
    least = Math.min(least, excessAt(visited));
    if (excessAt(visited) < -room) return true;
    const { shift } = premiumConstraint(program, visited);
    witness = bestWitness(program, { point: Array.from(visited), shift });
    return infeasibility(program, witness) > -slack;
  });
  if (found === undefined) return { feasible: undefined, least, programs };
  if (excessAt(found) < -room) return { feasible: true, w: found, programs };
  return { feasible: false, witness: witness!, programs };
}

/** The weights of G0 and of one cut whose weighted sum's minimum over [0,1]ⁿ is greatest: concave, by golden section. */
function bestWitness(program: LiquidationProgram, cut: Linearisation): DualWitness {
  const at = (share: number): DualWitness => linearWitness(1 - share, [{ ...cut, multiplier: share }]);
  const line = linearConstraint(program);
  const curve = cutAt(program, cut, new Float64Array(program.n).fill(1));
  const share = goldenSection(
    (candidate) => {
      let least = (1 - candidate) * line.constant + candidate * curve.constant;
      for (let i = 0; i < program.n; i++) {
        least += Math.min(0, (1 - candidate) * line.gradient[i] + candidate * curve.gradient[i]);
      }
      return least;
    },
    0,
    1,
  );
  return at(share);
}

/** min t + ½(x−w)ᵀH(x−w) over x ∈ [0,1]ⁿ with both linearised constraints below t; money in units of the notional. */
class EpigraphModel implements Disposable {
  private readonly programs: RepeatedProgram;
  private readonly unit: number;

  constructor(
    osqp: Osqp,
    private readonly program: LiquidationProgram,
  ) {
    this.programs = new RepeatedProgram(osqp, SETTINGS);
    this.unit = program.notionals.reduce((sum, value) => sum + value, 0);
  }

  step(at: Float64Array, { value, gradient, hessian }: PremiumConstraint): Float64Array | undefined {
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
    const { x } = this.programs.solve({
      P: upperTriangleFromDense(size, P, true),
      q,
      A: cscFromDense(n + 2, size, rows, (row, column) => row < 2 || row === column + 2),
      l,
      u,
    });
    if (!Number.isFinite(x[0])) return undefined;
    return x.slice(0, n).map((fraction) => Math.min(1, Math.max(0, fraction)));
  }

  [Symbol.dispose](): void {
    this.programs[Symbol.dispose]();
  }
}
