import { excessBound, infeasibility, infeasibilitySlack, marginExcess } from '../certificate/bounds.js';
import { GAP_TOLERANCE } from '../certificate/plan.js';
import type { DualWitness } from '../certificate/witness.js';
import { type LiquidationProgram, riskChangeAt, varianceAt } from '../program/program.js';
import type { Bracket } from './bracket.js';
import { roundingOf } from './candidates.js';
import type { Feasibility } from './feasibility.js';
import { type InteriorIterate, interiorPoint } from './interior-point.js';
import { portfolioCuttingPlanes } from './portfolio-cutting-planes.js';
import { PortfolioProgram } from './portfolio-program.js';
import { premiumShift } from './premium-constraint.js';
import type { Solvers } from './solvers.js';

/** From this average complementarity on an iterate is worth a bound. */
const WORTH = 1e-9;
const MOST_SYSTEMS = 120;

/** {@link findFeasible} for portfolio margin, and how many systems and programs it took. */
export function findFeasiblePortfolio(
  program: LiquidationProgram,
  { highs }: Solvers,
): Feasibility & { readonly programs: number } {
  const { n } = program;
  const everything = new Float64Array(n).fill(1);
  const slack = infeasibilitySlack(program);
  const room = 4 * roundingOf(program);
  let least = Infinity;
  let found: Feasibility | undefined;
  const tryPoint = (w: Float64Array) => {
    const { change } = riskChangeAt(program, varianceAt(program, w));
    least = Math.min(least, marginExcess(program, w) + Math.max(change, 0));
    if (excessBound(program, w, premiumShift(program, w)) < -room)
      found = { feasible: true, w: Float64Array.from(w) };
    return found !== undefined;
  };
  const tryWitness = (witness: DualWitness) => {
    if (infeasibility(program, witness) > -slack) found = { feasible: false, witness };
    return found !== undefined;
  };
  if (tryPoint(everything) || tryWitness({ margin: 1, losses: [], premium: [] }))
    return { ...found!, programs: 0 };
  const unit = Math.abs(program.deficit);
  const convex = new PortfolioProgram(program, unit, 'feasibility');
  let programs = interiorPoint(convex, MOST_SYSTEMS, ({ z, multipliers, barrier }) => {
    if (tryPoint(convex.fractions(z))) return true;
    return barrier < 1e-2 && tryWitness(convex.witness(z, multipliers));
  });
  if (found === undefined) {
    programs += portfolioCuttingPlanes(
      program,
      highs,
      'feasibility',
      unit,
      new Float64Array(n).fill(0.5),
      200,
      (w, witness) => tryPoint(w) || (witness !== undefined && tryWitness(witness)),
    );
  }
  return { ...(found ?? { feasible: undefined, least }), programs };
}

/**
 * Closes the bracket by the interior-point method. In units far above the missing margin a program in thousands goes round in circles; in
 * units of that margin it does not, and cutting planes take a thousand times as long.
 *
 * @returns how many systems were factorised
 */
export function portfolioInteriorPoint(
  program: LiquidationProgram,
  bracket: Bracket,
  target: number,
  maximum: number,
): number {
  const systems = narrow(program, bracket, sizeOf(program, bracket.objective), target, maximum);
  if (bracket.gap <= GAP_TOLERANCE) return systems;
  return systems + narrow(program, bracket, Math.abs(program.deficit), target, maximum);
}

/** @param unit of the program's variables, money */
function narrow(
  program: LiquidationProgram,
  bracket: Bracket,
  unit: number,
  target: number,
  maximum: number,
): number {
  const convex = new PortfolioProgram(program, unit, 'optimum');
  let tried = false;
  let last: InteriorIterate | undefined;
  const take = ({ z, multipliers }: InteriorIterate) => {
    bracket.takePoint(snapped(program, convex.fractions(z), unit));
    bracket.takeWitness(convex.witness(z, multipliers));
  };
  const systems = interiorPoint(convex, maximum, (iterate) => {
    last = iterate;
    tried = iterate.barrier <= WORTH;
    if (tried) take(iterate);
    return bracket.gap <= target || iterate.barrier < 1e-16;
  });
  if (last && !tried) take(last);
  return systems;
}

/** Closes the bracket by cutting planes. @returns how many linear programs were solved */
export function portfolioLinearPrograms(
  program: LiquidationProgram,
  bracket: Bracket,
  { highs }: Solvers,
  target: number,
  maximum: number,
): number {
  const unit = sizeOf(program, bracket.objective);
  const start = Float64Array.from(bracket.best.w);
  return portfolioCuttingPlanes(program, highs, 'optimum', unit, start, maximum, (w, witness) => {
    bracket.takePoint(w);
    if (witness) bracket.takeWitness(witness);
    return bracket.gap <= target;
  });
}

/** Approximate notional to close, money: the deficit over the best relief per notional, at most the best plan known. */
function sizeOf(program: LiquidationProgram, objective: number): number {
  const { n, notionals, portfolio } = program;
  const step = 1e-3;
  let best = 0;
  for (let i = 0; i < n; i++) {
    const w = new Float64Array(n);
    w[i] = step;
    const relief = portfolio ? program.deficit - marginExcess(program, w) : step * program.relief[i];
    best = Math.max(best, relief / (step * notionals[i]));
  }
  return best > 0 ? Math.min(program.deficit / best, objective) : objective;
}

/** A fraction within rounding of a bound counts as at the bound. */
function snapped({ notionals }: LiquidationProgram, w: Float64Array, unit: number): Float64Array {
  return w.map((fraction, i) => {
    if (fraction * notionals[i] < 1e-9 * unit) return 0;
    return (1 - fraction) * notionals[i] < 1e-9 * unit ? 1 : fraction;
  });
}
