import type { Certificate } from '../certificate/certificate.js';
import { knapsack, repair } from './candidates.js';
import { cuttingPlanes } from './cutting-planes.js';
import { UnprovenPlanError } from './errors.js';
import { findFeasible } from './feasibility.js';
import { type LiquidationCase, standingOf } from '../program/liquidation-case.js';
import { Bracket } from './bracket.js';
import { sequentialQuadratic } from './optimise.js';
import {
  consequencesOf,
  digestOf,
  GAP_TOLERANCE,
  type LiquidationPlan,
  type PlanMethod,
} from '../certificate/plan.js';
import { type LiquidationProgram, programOf } from '../program/program.js';
import type { Solvers } from './solvers.js';
import { requireCase } from '../program/case-domain.js';
import { premiumConstraint } from './premium-constraint.js';

export interface LiquidateOptions {
  /** relative gap that is aimed at (default 2e-9); a plan is good enough at {@link GAP_TOLERANCE} */
  readonly target?: number;
  /** quadratic programs before the cutting planes take over (default 40) */
  readonly maximumQuadraticPrograms?: number;
  /** linear programs of the cutting planes (default 400) */
  readonly maximumLinearPrograms?: number;
}

/** Below {@link GAP_TOLERANCE}: a check elsewhere may come to other last digits. */
const TARGET_GAP = 2e-9;

/**
 * Judges an account and, where it is below maintenance, finds the least notional to close at mark so that its initial
 * margin is restored, with the proof that less would not do.
 *
 * - `healthy`: equity is at least the maintenance margin; nothing is closed.
 * - `partial`: margin can be restored; `fractions` are optimal within the certified gap.
 * - `full`: no fractions restore the margin though equity is not negative: what closing costs in risk and penalty is
 *   more than there is. Everything is closed.
 * - `bankrupt`: equity is negative at mark; everything is closed and `shortfall` is the pool's loss.
 *
 * @throws {InvalidInputError} for a case that no mathematics can be done with
 * @throws {UnprovenPlanError} where neither a plan nor a proof that there is none was found; never seen, never hidden
 */
export function liquidate(
  given: LiquidationCase,
  solvers: Solvers,
  options: LiquidateOptions = {},
): LiquidationPlan {
  requireCase(given);
  const standing = standingOf(given);
  const program = programOf(given);
  if (standing.equity >= standing.maintenanceMargin) {
    return planOf(given, program, 'healthy', new Float64Array(program.n), null, null, 0);
  }
  const poolShift = program.before.shift;
  const feasibility = findFeasible(program, solvers);
  if (feasibility.feasible === undefined) throw new UnprovenPlanError(feasibility.least);
  if (!feasibility.feasible) {
    const dual = feasibility.witness;
    const all = new Float64Array(program.n).fill(1);
    const outcome = standing.equity < 0 ? 'bankrupt' : 'full';
    const primalShift = premiumConstraint(program, all).shift;
    const certificate = { proves: 'infeasibility', poolShift, primalShift, dual } as const;
    return planOf(given, program, outcome, all, certificate, 'closed-form', 0);
  }
  const { target = TARGET_GAP, maximumQuadraticPrograms = 40, maximumLinearPrograms = 400 } = options;
  const anchor = repair(program, feasibility.w, feasibility.w);
  if (anchor === undefined) throw new UnprovenPlanError(0);
  const bracket = new Bracket(program, anchor);
  let programs = sequentialQuadratic(program, bracket, solvers.osqp, target, maximumQuadraticPrograms);
  let method: PlanMethod = programs === 0 ? 'closed-form' : 'sequential-quadratic';
  if (bracket.gap > GAP_TOLERANCE) {
    method = 'cutting-planes';
    programs += cuttingPlanes(
      program,
      bracket,
      solvers.highs,
      target,
      maximumLinearPrograms,
      knapsack(program),
    );
  }
  const { w, witness } = bracket.best;
  const primalShift = premiumConstraint(program, w).shift;
  const outcome = w.every((fraction) => fraction === 1) ? 'full' : 'partial';
  return planOf(
    given,
    program,
    outcome,
    w,
    { proves: 'optimality', poolShift, primalShift, dual: witness },
    method,
    programs,
  );
}

function planOf(
  given: LiquidationCase,
  program: LiquidationProgram,
  outcome: LiquidationPlan['outcome'],
  w: Float64Array,
  certificate: Certificate | null,
  method: PlanMethod | null,
  programs: number,
): LiquidationPlan {
  const fractions = Array.from(w);
  return {
    version: 1,
    case: given,
    caseDigest: digestOf(given),
    outcome,
    fractions,
    ...consequencesOf(given, program, fractions, certificate),
    certificate,
    method,
    programs,
  };
}
