import { liabilityRisk } from '#lib/risk';
import { marginExcess } from '../certificate/bounds.js';
import { premiumCut } from '../certificate/premium-bounds.js';
import type { DualWitness, LossWeight } from '../certificate/witness.js';
import { deviationAt, type PortfolioPart } from '../program/portfolio-part.js';
import { type LiquidationProgram, varianceAt } from '../program/program.js';
import type { LinearSolver } from './cutting-planes.js';
import { linearSum, term } from './lp-format.js';

/** The tangent of G with one piece of R, with or without the premium, at a point: never above G. */
interface Tangent {
  readonly constant: number;
  readonly gradient: Float64Array;
  readonly piece: { readonly scenario: number } | { readonly evar: readonly number[] } | null;
  /** φ′ of the piece */
  readonly steepness: number;
  readonly premium: { readonly point: readonly number[]; readonly shift: number } | null;
}

/** Pieces within this share of R get a tangent. */
const NEAR = 1e-3;

/**
 * Kelley's cutting planes on all pieces of the margin: the linear program over the tangents so far bounds the objective, or
 * the least excess, from below; its optimum is where the next tangents are taken. Slower than the interior point, and sure.
 *
 * @param purpose the objective, or the least excess
 * @param unit T, money
 * @param visit called with each optimum and the bound of its multipliers; true ends the iterations
 * @returns how many linear programs were solved
 */
export function portfolioCuttingPlanes(
  program: LiquidationProgram,
  highs: LinearSolver,
  purpose: 'optimum' | 'feasibility',
  unit: number,
  start: Float64Array,
  maximum: number,
  visit: (w: Float64Array, witness: DualWitness | undefined) => boolean,
): number {
  const tangents: Tangent[] = [];
  const visited: Float64Array[] = [];
  let w = start;
  if (visit(w, undefined)) return 0;
  for (let programs = 1; programs <= maximum; programs++) {
    tangents.push(...tangentsAt(program, w));
    visited.push(w);
    const solution = highs.solve(linearProgram(program, tangents, visited, purpose, unit), OPTIONS);
    if (solution.Status !== 'Optimal') return programs;
    const columns = solution.Columns as Record<string, { Primal?: number } | undefined>;
    w = program.notionals.map((notional, i) => {
      return Math.min(1, Math.max(0, ((columns[`x${i}`]?.Primal ?? 0) * unit) / notional));
    });
    const weights = tangents.map((_, k) => Math.max(0, -((solution.Rows[k] as { Dual?: number }).Dual ?? 0)));
    if (visit(w, witnessOf(program, tangents, weights))) return programs;
  }
  return maximum;
}

const OPTIONS = {
  primal_feasibility_tolerance: 1e-10,
  dual_feasibility_tolerance: 1e-10,
  presolve: 'off',
  output_flag: false,
} as const;

function tangentsAt(program: LiquidationProgram, w: Float64Array): Tangent[] {
  const { n, portfolio } = program;
  const everything = new Float64Array(n).fill(1);
  const base = new Float64Array(n);
  const excess = marginExcess(program, w);
  for (let i = 0; i < n; i++) {
    const steps = portfolio?.steps[i];
    const relief = steps ? steps.find(({ until }) => w[i] <= until)!.relief : program.relief[i];
    base[i] = 2 * (portfolio?.closing[i] ?? 0) * (w[i] - 1) - relief;
  }
  const point = Array.from(w);
  const { shift } = liabilityRisk(
    'evar',
    program.mean,
    Math.sqrt(varianceAt(program, w).variance),
    program.logAlpha,
  );
  const cut = premiumCut(program, { point, shift }, everything);
  const pieces = portfolio
    ? piecesAt(portfolio, w)
    : [{ piece: null, below: 0, steepness: 1, slope: base.map(() => 0) }];
  return pieces.flatMap(({ piece, below, steepness, slope }) => {
    const gradient = base.map((value, i) => value + steepness * slope[i]);
    let constant = excess - below;
    for (let i = 0; i < n; i++) constant -= gradient[i] * w[i];
    const tangent = { constant, gradient, piece, steepness, premium: null };
    return [
      tangent,
      {
        ...tangent,
        constant: constant + cut.constant,
        gradient: gradient.map((value, i) => value + cut.gradient[i]),
        premium: { point, shift },
      },
    ];
  });
}

/** Pieces of R near the largest at w: their φ below φ(R), φ′, gradients. */
function piecesAt(part: PortfolioPart, w: Float64Array) {
  const { worst, evarMultiple, evarHeadroom, scenarios, losses, headroom, deviations, concentrationRate } =
    part;
  const n = deviations.length;
  const found: { piece: Tangent['piece']; value: number; slope: Float64Array }[] = [
    { piece: null, value: 0, slope: new Float64Array(n) },
  ];
  for (let k = 0; k < scenarios; k++) {
    const slope = losses.subarray(k * n, (k + 1) * n).map((loss) => -loss);
    let value = worst - headroom[k];
    for (let i = 0; i < n; i++) value += slope[i] * w[i];
    found.push({ piece: { scenario: k }, value, slope });
  }
  if (evarMultiple > 0) {
    const { change, deviation, halfGradient } = deviationAt(part, w, 0);
    const per = deviation > 0 ? evarMultiple / deviation : 0;
    found.push({
      piece: { evar: Array.from(w) },
      value: worst - evarHeadroom + evarMultiple * change,
      slope: halfGradient.map((half) => per * half),
    });
  }
  const most = found.reduce((largest, { value }) => Math.max(largest, value), 0);
  const phi = (value: number) => value * (1 + concentrationRate * value);
  return found
    .filter(({ value }) => value >= most - NEAR * most)
    .map(({ piece, value, slope }) => ({
      piece,
      below: phi(most) - phi(value),
      steepness: 1 + 2 * concentrationRate * value,
      slope,
    }));
}

function witnessOf(
  program: LiquidationProgram,
  tangents: readonly Tangent[],
  weights: readonly number[],
): DualWitness {
  const losses: LossWeight[] = [];
  const premium: DualWitness['premium'][number][] = [];
  let margin = 0;
  tangents.forEach(({ piece, steepness, premium: charged }, k) => {
    const multiplier = weights[k];
    if (!(multiplier > 0)) return;
    margin += multiplier;
    if (piece !== null) losses.push({ ...piece, multiplier: multiplier * steepness });
    if (charged !== null) premium.push({ ...charged, multiplier });
  });
  const charged = premium.reduce((sum, { multiplier }) => sum + multiplier, 0);
  return { margin: Math.max(margin, charged), losses: program.portfolio ? losses : [], premium };
}

/** In the LP format, in x_i = c_i·w_i/T; tiers are in the tangents, and so is the impact: e ≥ ½Σκ_i w_i². */
function linearProgram(
  { n, notionals, impacts }: LiquidationProgram,
  tangents: readonly Tangent[],
  visited: readonly Float64Array[],
  purpose: 'optimum' | 'feasibility',
  unit: number,
): string {
  const sum = (of: (i: number) => number) =>
    linearSum(Array.from({ length: n }, (_, i) => term(of(i), `x${i}`)));
  const deep = purpose === 'feasibility' ? ' - 1 t' : '';
  const rows = tangents.map(
    ({ constant, gradient }, k) =>
      ` c${k}: ${sum((i) => gradient[i] / notionals[i])}${deep} <= ${-constant / unit}`,
  );
  const withImpact = purpose === 'optimum' && impacts.some((impact) => impact > 0);
  if (withImpact) {
    visited.forEach((v, k) => {
      const square = v.reduce((total, value, i) => total + impacts[i] * value * value, 0);
      rows.push(
        ` e${k}: ${sum((i) => (impacts[i] * v[i]) / notionals[i])} - 1 e <= ${(0.5 * square) / unit}`,
      );
    });
  }
  const bounds = Array.from({ length: n }, (_, i) => ` 0 <= x${i} <= ${notionals[i] / unit}`);
  const objective = purpose === 'feasibility' ? 't' : `${sum(() => 1)}${withImpact ? ' + 1 e' : ''}`;
  const free = purpose === 'feasibility' ? '\n t free' : '';
  return `Minimize\n obj: ${objective}\nSubject To\n${rows.join('\n')}\nBounds\n${bounds.join('\n')}${free}\nEnd\n`;
}
