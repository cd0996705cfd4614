import type { LegacyHighs } from 'highs';
import type { Bracket } from './optimise.js';
import { type AffineFunction, cutAt, linearConstraint } from './certificate.js';
import { improveDual, maximiseDual } from './dual-bound.js';
import { type LiquidationProgram, objectiveOf, premiumConstraint } from './program.js';

/** HiGHS, loaded (`await loadHighs()` of the npm package `highs`). */
export type LinearSolver = Pick<LegacyHighs, 'solve'>;

/**
 * Kelley's cutting planes: G1 is replaced by all its linearisations so far; each program's optimum bounds the objective
 * from below, and where it violates G1 it gives the next cut. Slower than SQP near a smooth optimum, and sure.
 *
 * @returns how many programs were solved
 */
export function cuttingPlanes(
  program: LiquidationProgram,
  bracket: Bracket,
  highs: LinearSolver,
  tolerance: number,
  maximumPrograms: number,
  start: Float64Array,
): number {
  const cuts: { point: number[]; shift: number }[] = [];
  const functions: AffineFunction[] = [linearConstraint(program)];
  const unit = objectiveOf(program, start) || bracket.objective;
  const addCut = (w: Float64Array) => {
    const cut = { point: Array.from(w), shift: premiumConstraint(program, w).shift };
    cuts.push(cut);
    functions.push(cutAt(program, cut, bracket.caps));
    // One cut near the optimum may say more alone than all of them with the solver's multipliers.
    const pair = maximiseDual(program, [functions[0], functions.at(-1)!], bracket.caps, []);
    bracket.takeBound(pair.bound, pair.multipliers, [cut]);
  };
  addCut(start);
  for (let programs = 0; ; programs++) {
    if (bracket.gap <= tolerance || programs >= maximumPrograms) return programs;
    const solution = highs.solve(linearProgram(program, functions, unit), {
      primal_feasibility_tolerance: 1e-10,
      dual_feasibility_tolerance: 1e-10,
      presolve: 'off',
      output_flag: false,
    });
    if (solution.Status !== 'Optimal') return programs + 1;
    const w = program.notionals.map((notional, i) => {
      const column = solution.Columns[`x${i}`] as { Primal?: number } | undefined;
      return Math.min(1, Math.max(0, ((column?.Primal ?? 0) * unit) / notional));
    });
    // Rows come back in the order they were given in.
    const multipliers = functions.map((_, k) => {
      const row = solution.Rows[k] as { Dual?: number } | undefined;
      return Math.max(0, -(row?.Dual ?? 0));
    });
    const dual = improveDual(program, functions, bracket.caps, multipliers);
    bracket.takeBound(dual.bound, dual.multipliers, cuts);
    bracket.takePoint(w);
    addCut(w);
  }
}

/** In the LP format, in x_i = c_i·w_i/unit, as the quadratic model scales it. */
function linearProgram(
  { n, notionals, impacts }: LiquidationProgram,
  functions: readonly AffineFunction[],
  unit: number,
): string {
  const sum = (coefficients: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => {
      const value = coefficients(i);
      return `${value < 0 ? '-' : '+'} ${Math.abs(value)} x${i}`;
    }).join(' ');
  const squares = Array.from({ length: n }, (_, i) => {
    const curvature = (impacts[i] * unit) / notionals[i] ** 2;
    return curvature > 0 ? `+ ${curvature} x${i} ^ 2` : '';
  }).filter((term) => term !== '');
  const quadratic = squares.length > 0 ? ` + [ ${squares.join(' ')} ] / 2` : '';
  const rows = functions.map(
    ({ constant, gradient }, k) => ` c${k}: ${sum((i) => gradient[i] / notionals[i])} <= ${-constant / unit}`,
  );
  const bounds = Array.from({ length: n }, (_, i) => ` 0 <= x${i} <= ${notionals[i] / unit}`);
  return `Minimize\n obj: ${sum(() => 1)}${quadratic}\nSubject To\n${rows.join('\n')}\nBounds\n${bounds.join('\n')}\nEnd\n`;
}
