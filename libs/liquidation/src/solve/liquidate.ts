import type { Certificate } from '../certificate/witness.js';
import { knapsack, repair } from './candidates.js';
import { cuttingPlanes } from './cutting-planes.js';
import { UnprovenPlanError } from './errors.js';
import { type Feasibility, findFeasible } from './feasibility.js';
import {
  findFeasiblePortfolio,
  portfolioInteriorPoint,
  portfolioLinearPrograms,
} from './portfolio-optimum.js';
import type { LiquidationCase } from '../program/liquidation-case.js';
import { largestLiquidityPremium, liquidityPremium } from '../program/liquidity-premium.js';
import { Bracket } from './bracket.js';
import { sequentialQuadratic } from './optimise.js';
import {
  consequencesOf,
  digestOf,
  GAP_TOLERANCE,
  type LiquidationPlan,
  type PlanMethod,
} from '../certificate/plan.js';
import {
  type CaseStanding,
  caseStanding,
  type LiquidationProgram,
  programOf,
  withReserved,
} from '../program/program.js';
import type { Solvers } from './solvers.js';
import { requireCase } from '../program/case-domain.js';
import { premiumShift } from './premium-constraint.js';
import { isTight, predictedSlope, type Reserve, reserveFrom, slopeBetween } from './reserve-steps.js';

export interface LiquidateOptions {
  /** relative gap that is aimed at (default 2e-9); a plan is good enough at {@link GAP_TOLERANCE} */
  readonly target?: number;
  /** quadratic programs before the cutting planes take over (default 40) */
  readonly maximumQuadraticPrograms?: number;
  /** systems of the interior-point method before the cutting planes take over (default 120) */
  readonly maximumSystems?: number;
  /** times that a plan is made again with its own liquidity premium reserved (default 3) */
  readonly reserveSteps?: number;
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
 * - `full`: no fractions restore the margin though equity is not negative: the cost of closing in risk and penalty is
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
  return planOf(decide(given, solvers, options));
}

/** The part of a plan that is carried out. */
export type Closing = Pick<LiquidationPlan, 'case' | 'outcome' | 'fractions'>;

/**
 * Solves as {@link liquidate}, for the same fractions, and leaves out the figures and the digest by which others check a plan.
 *
 * @throws as {@link liquidate}
 */
export function closingOf(given: LiquidationCase, solvers: Solvers, options: LiquidateOptions = {}): Closing {
  const { given: solved, outcome, w } = decide(given, solvers, options);
  return { case: solved, outcome, fractions: Array.from(w) };
}

function decide(given: LiquidationCase, solvers: Solvers, options: LiquidateOptions): Solution {
  const at = caseStanding(given, requireCase(given));
  const program = programOf(given, undefined, at);
  if (at.standing.equity >= at.standing.maintenanceMargin) {
    const w = new Float64Array(program.n);
    return { given, program, outcome: 'healthy', w, certificate: null, method: null, programs: 0 };
  }
  return withReserve(given, at, program, solvers, options);
}

/**
 * Solves again with another reserve until the plan's own liquidity premium is covered, and hardly more than covered. The reserve that comes next
 * is the one that equals the premium of its own plan, by the premium's slope in the reserve: mostly the second plan is the last.
 */
function withReserve(
  given: LiquidationCase,
  at: CaseStanding,
  program: LiquidationProgram,
  solvers: Solvers,
  options: LiquidateOptions,
): Solution {
  const { reserved: least = 0 } = given;
  let solution = solve(given, at, program, solvers, options);
  let before: Reserve | undefined;
  let covered: Solution | undefined;
  for (let { reserveSteps: left = 3 } = options; ; left--) {
    if (solution.certificate?.proves !== 'optimality') return covered ?? solution;
    const { reserved = 0 } = solution.given;
    const owed = liquidityPremium(given, program, Array.from(solution.w));
    if (owed <= reserved) {
      if (reserved === least || isTight(reserved, owed)) return solution;
      if (covered === undefined || reserved < covered.given.reserved!) covered = solution;
    }
    if (left <= 0 && covered !== undefined) return covered;
    const here = { reserved, owed };
    const slope = before === undefined ? predictedSlope(given, solution, owed) : slopeBetween(before, here);
    before = here;
    // After the steps the premium that no closing exceeds.
    const next =
      left > 0 ? Math.max(least, reserveFrom(here, slope)) : largestLiquidityPremium(given, program);
    const again = withReserved(program, at, next);
    solution = solve({ ...given, reserved: next }, at, again, solvers, options);
  }
}

/**
 * The least to close at mark so that the initial margin is restored, wherever the maintenance margin is.
 *
 * @throws {UnprovenPlanError} see {@link liquidate}
 */
export function restoreMargin(
  given: LiquidationCase,
  program: LiquidationProgram,
  solvers: Solvers,
  options: LiquidateOptions = {},
): LiquidationPlan {
  return planOf(solve(given, caseStanding(given), program, solvers, options));
}

/** A solution that is not written as a plan yet: figures and digest are computed for the last one alone. */
interface Solution {
  readonly given: LiquidationCase;
  readonly program: LiquidationProgram;
  readonly outcome: LiquidationPlan['outcome'];
  readonly w: Float64Array;
  readonly certificate: Certificate | null;
  readonly method: PlanMethod | null;
  readonly programs: number;
}

function solve(
  given: LiquidationCase,
  { standing }: CaseStanding,
  program: LiquidationProgram,
  solvers: Solvers,
  options: LiquidateOptions,
): Solution {
  const { target = TARGET_GAP } = options;
  const search: Search = program.portfolio ? portfolioSearch : linearSearch;
  const { feasibility, tried } = search.feasible(program, solvers);
  const poolShift = program.before.shift;
  if (feasibility.feasible === undefined) throw new UnprovenPlanError(feasibility.least);
  if (!feasibility.feasible) {
    const dual = feasibility.witness;
    const all = new Float64Array(program.n).fill(1);
    const outcome = standing.equity < 0 ? 'bankrupt' : 'full';
    const primalShift = premiumShift(program, all);
    const certificate = { proves: 'infeasibility', poolShift, primalShift, dual } as const;
    const method = tried === 0 ? 'closed-form' : search.method;
    return { given, program, outcome, w: all, certificate, method, programs: tried };
  }
  const anchor = repair(program, feasibility.w, feasibility.w);
  if (anchor === undefined) throw new UnprovenPlanError(0);
  const bracket = new Bracket(program, anchor);
  let programs = tried + search.optimise(program, bracket, solvers, target, options);
  let method: PlanMethod = programs === 0 ? 'closed-form' : search.method;
  if (bracket.gap > GAP_TOLERANCE) {
    method = 'cutting-planes';
    programs += search.cut(program, bracket, solvers, target, options);
  }
  const { w, witness } = bracket.best;
  const primalShift = premiumShift(program, w);
  const outcome = w.every((fraction) => fraction === 1) ? 'full' : 'partial';
  const certificate = { proves: 'optimality', poolShift, primalShift, dual: witness } as const;
  return { given, program, outcome, w, certificate, method, programs };
}

/** How a program is solved: feasibility first, then a fast method, then a sure one. */
interface Search {
  readonly method: PlanMethod;
  /** and how many programs it took */
  feasible(
    program: LiquidationProgram,
    solvers: Solvers,
  ): { readonly feasibility: Feasibility; readonly tried: number };
  optimise: Step;
  cut: Step;
}

/** Narrows the bracket. @returns how many programs were solved */
type Step = (
  program: LiquidationProgram,
  bracket: Bracket,
  solvers: Solvers,
  target: number,
  options: LiquidateOptions,
) => number;

/** Linear margin: two constraints, whose dual has a closed form by coordinates. */
const linearSearch: Search = {
  method: 'sequential-quadratic',
  feasible: (program, solvers) => {
    const { programs, ...feasibility } = findFeasible(program, solvers);
    return { feasibility, tried: programs };
  },
  optimise: (program, bracket, { osqp }, target, { maximumQuadraticPrograms = 40 }) =>
    sequentialQuadratic(program, bracket, osqp, target, maximumQuadraticPrograms),
  cut: (program, bracket, { highs }, target, { maximumLinearPrograms = 400 }) =>
    cuttingPlanes(program, bracket, highs, target, maximumLinearPrograms, knapsack(program)),
};

/** Portfolio margin: many pieces at once are active, whose multipliers an interior point has to all digits. */
const portfolioSearch: Search = {
  method: 'interior-point',
  feasible: (program, solvers) => {
    const { programs, ...feasibility } = findFeasiblePortfolio(program, solvers);
    return { feasibility, tried: programs };
  },
  optimise: (program, bracket, _solvers, target, { maximumSystems = 120 }) =>
    portfolioInteriorPoint(program, bracket, target, maximumSystems),
  cut: (program, bracket, solvers, target, { maximumLinearPrograms = 400 }) =>
    portfolioLinearPrograms(program, bracket, solvers, target, maximumLinearPrograms),
};

function planOf({ given, program, outcome, w, certificate, method, programs }: Solution): LiquidationPlan {
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
