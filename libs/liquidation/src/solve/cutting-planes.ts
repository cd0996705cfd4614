import type { LegacyHighs } from 'highs';
import type { Bracket } from './bracket.js';
import { type AffineFunction, cutAt, linearConstraint } from './linear-lagrangian.js';
import { linearSum, term } from './lp-format.js';
import { improveDual, maximiseDual } from './dual-bound.js';
import { type LiquidationProgram, objectiveOf } from '../program/program.js';
import { premiumConstraint } from './premium-constraint.js';

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
    // One cut near the optimum may say more alone than all with the solver's multipliers.
    const pair = maximiseDual(program, [functions[0], functions.at(-1)!], bracket.caps, []);
    bracket.takeBound(pair.bound, pair.multipliers, [cut]);
  };
  addCut(start);
  for (let programs = 0; ; programs++) {
    if (bracket.gap <= tolerance || programs >= maximumPrograms) return programs;
    const solution = highs.solve(linearProgram(program, functions, unit), OPTIONS);
    if (solution.Status !== 'Optimal') return programs + 1;
    const w = program.notionals.map((notional, i) => {
      return Math.min(1, Math.max(0, (primal(solution.Columns[`x${i}`]) * unit) / notional));
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

/**
 * Minimises max(G0, G1) over [0,1]ⁿ by cutting planes, until a visited point satisfies `found` or a cut proves that none
 * can; undefined where the programs did not suffice.
 */
export function deepestPoint(
  program: LiquidationProgram,
  highs: LinearSolver,
  start: Float64Array,
  visit: (w: Float64Array) => boolean,
): Float64Array | undefined {
  const everything = new Float64Array(program.n).fill(1);
  const functions: AffineFunction[] = [linearConstraint(program)];
  const scale = Math.abs(program.deficit);
  let w = start;
  for (let programs = 0; programs < 200; programs++) {
    if (visit(w)) return w;
    const cut = { point: Array.from(w), shift: premiumConstraint(program, w).shift };
    functions.push(cutAt(program, cut, everything));
    const rows = functions.map(({ constant, gradient }, k) => {
      const terms = Array.from(gradient, (value, i) => term(value / scale, `w${i}`));
      return ` c${k}: ${linearSum(terms)} - 1 t <= ${-constant / scale}`;
    });
    const bounds = Array.from(w, (_, i) => ` 0 <= w${i} <= 1`);
    const solution = highs.solve(
      `Minimize\n obj: t\nSubject To\n${rows.join('\n')}\nBounds\n${bounds.join('\n')}\n t free\nEnd\n`,
      OPTIONS,
    );
    if (solution.Status !== 'Optimal') return undefined;
    w = w.map((_, i) => Math.min(1, Math.max(0, primal(solution.Columns[`w${i}`]))));
  }
  return undefined;
}

const OPTIONS = {
  primal_feasibility_tolerance: 1e-10,
  dual_feasibility_tolerance: 1e-10,
  presolve: 'off',
  output_flag: false,
} as const;

function primal(column: unknown): number {
  return (column as { Primal?: number } | undefined)?.Primal ?? 0;
}

/** In the LP format, in x_i = c_i·w_i/unit, as the quadratic model scales it. */
function linearProgram(
  { n, notionals, impacts }: LiquidationProgram,
  functions: readonly AffineFunction[],
  unit: number,
): string {
  const sum = (coefficients: (i: number) => number) =>
    linearSum(Array.from({ length: n }, (_, i) => term(coefficients(i), `x${i}`)));
  const squares = Array.from({ length: n }, (_, i) => {
    const curvature = (impacts[i] * unit) / notionals[i] ** 2;
    return curvature > 0 ? `+ ${curvature} x${i} ^ 2` : '';
  }).filter((term) => term !== '');
  const quadratic = squares.length > 0 ? ` + [ ${linearSum(squares)} ] / 2` : '';
  const rows = functions.map(
    ({ constant, gradient }, k) => ` c${k}: ${sum((i) => gradient[i] / notionals[i])} <= ${-constant / unit}`,
  );
  const bounds = Array.from({ length: n }, (_, i) => ` 0 <= x${i} <= ${notionals[i] / unit}`);
  return `Minimize\n obj: ${sum(() => 1)}${quadratic}\nSubject To\n${rows.join('\n')}\nBounds\n${bounds.join('\n')}\nEnd\n`;
}
