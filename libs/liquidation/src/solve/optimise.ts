import type { Osqp } from 'osqp-wasm';
import type { Bracket } from './bracket.js';
import { knapsack, vertexOf } from './candidates.js';
import { type AffineFunction, cutAt, linearConstraint } from './linear-lagrangian.js';
import { maximiseDual, maximiseDualPair } from './dual-bound.js';
import { type LiquidationProgram, objectiveOf } from '../program/program.js';
import { QuadraticModel } from './quadratic-model.js';
import { premiumConstraint } from './premium-constraint.js';

/**
 * Sequential quadratic programming on OSQP. Each iterate is made feasible (upper bound) and linearised for the dual
 * (lower bound, in closed form, whatever the solver's accuracy); the two close quadratically.
 *
 * @returns how many quadratic programs were solved; the bracket holds the rest
 */
export function sequentialQuadratic(
  program: LiquidationProgram,
  bracket: Bracket,
  osqp: Osqp,
  tolerance: number,
  maximumPrograms: number,
): number {
  const line = linearConstraint(program);
  let w: Float64Array = knapsack(program);
  bracket.takePoint(w);
  using model = new QuadraticModel(
    osqp,
    program,
    Math.min(objectiveOf(program, w) || Infinity, bracket.objective),
  );
  let multipliers: readonly number[] = [0, 0];
  let stalled = 0;
  for (let programs = 0; ; programs++) {
    const constraint = premiumConstraint(program, w);
    const cut = { point: Array.from(w), shift: constraint.shift };
    const functions: [AffineFunction, AffineFunction] = [line, cutAt(program, cut, bracket.caps)];
    const before = bracket.gap;
    let dual = maximiseDual(program, functions, bracket.caps, [multipliers]);
    bracket.takeBound(dual.bound, dual.multipliers, [cut]);
    if (bracket.gap > tolerance && bracket.gap < 1e-2 && constraint.value > -1e-3 * program.deficit) {
      const pair = maximiseDualPair(program, functions, bracket.caps, dual.multipliers);
      if (pair.bound > dual.bound) dual = pair;
      bracket.takeBound(dual.bound, dual.multipliers, [cut]);
    }
    const vertex = vertexOf(program, functions, dual.multipliers);
    bracket.takePoint(vertex);
    stalled = bracket.gap < 0.5 * before ? 0 : stalled + 1;
    if (bracket.gap <= tolerance || programs >= maximumPrograms || stalled > 6) return programs;
    const next = model.step(w, constraint, dual.multipliers[1]);
    if (next === undefined) return programs + 1;
    multipliers = next.multipliers;
    bracket.takePoint(next.w);
    // With hardly any curvature OSQP is slow; the linear program's vertex is the better place to linearise then.
    w = next.status === 'solved' ? next.w : vertex;
  }
}
