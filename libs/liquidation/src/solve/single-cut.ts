import { InvalidInputError } from '#lib/errors';
import { liabilityRisk } from '#lib/risk';
import { isLinear } from '../program/liquidation-case.js';
import {
  type AffineFunction,
  cutAt,
  lagrangianMinimum,
  linearConstraint,
  linearWeightOf,
} from './linear-lagrangian.js';
import { goldenSection, maximiseDual, maximiseDualPair } from './dual-bound.js';
import type { LiquidationPlan } from '../certificate/plan.js';
import { type LiquidationProgram, programOf, varianceAt } from '../program/program.js';

/** A certificate with one linearisation only, at the point whose risk is measured, as a circuit has room for. */
export interface SingleCutWitness {
  readonly program: LiquidationProgram;
  readonly proves: 'optimality' | 'infeasibility';
  /** the plan where it is optimal; where no plan is feasible, the point that shows it */
  readonly point: Float64Array;
  /** λ0 of G0 and λ1 of G1 linearised at the point; λ0 + λ1 = 1 for infeasibility */
  readonly linear: number;
  readonly premium: number;
}

/** An affine function of w that is nowhere above G0: its value at 0, and its relief by each fraction, money. */
export type LinearMargin = Pick<LiquidationProgram, 'deficit' | 'relief'>;

/**
 * The best witness with a single cut for a plan that is not `healthy`.
 *
 * @param tangent of the margin at a point, where it is not linear: the witness is of the program that has it in place of the margin
 * @throws {InvalidInputError} for a plan with portfolio margin and no tangent
 */
export function singleCutWitness(
  plan: LiquidationPlan,
  tangent?: (point: Float64Array) => LinearMargin,
): SingleCutWitness {
  if (!isLinear(plan.case) && tangent === undefined)
    throw new InvalidInputError('plan.case.portfolio', 'is not part of the statement');
  const certificate = plan.certificate!;
  const { proves, dual } = certificate;
  const { portfolio, ...rest } = programOf(plan.case, certificate.poolShift);
  const everything = new Float64Array(rest.n).fill(1);
  const heaviest = dual.premium.toSorted((a, b) => b.multiplier - a.multiplier).at(0);
  const point =
    proves === 'optimality'
      ? Float64Array.from(plan.fractions)
      : Float64Array.from(heaviest?.point ?? everything);
  const program = portfolio === undefined ? rest : { ...rest, ...tangent!(point) };
  const functions: [AffineFunction, AffineFunction] = [
    linearConstraint(program),
    cutAt(program, { point: Array.from(point), shift: shiftAt(program, point) }, everything),
  ];
  const cut = dual.premium.reduce((sum, { multiplier }) => sum + multiplier, 0);
  if (proves === 'infeasibility') {
    const nothing = { ...program, notionals: new Float64Array(program.n) };
    const least = (share: number) => lagrangianMinimum(nothing, functions, [1 - share, share], everything);
    const between = goldenSection(least, 0, 1);
    const premium = [0, 1, between].reduce((best, share) => (least(share) > least(best) ? share : best));
    return { program, proves, point, linear: 1 - premium, premium };
  }
  const start = [linearWeightOf(dual), cut];
  const candidates = [
    maximiseDual(program, functions, everything, [start]),
    maximiseDualPair(program, functions, everything, start),
  ];
  const [linear, premium] = candidates.reduce((best, other) =>
    other.bound > best.bound ? other : best,
  ).multipliers;
  return { program, proves, point, linear, premium };
}

function shiftAt(program: LiquidationProgram, point: Float64Array): number {
  const { mean, logAlpha } = program;
  return liabilityRisk('evar', mean, Math.sqrt(varianceAt(program, point).variance), logAlpha).shift;
}
