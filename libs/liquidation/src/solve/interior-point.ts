import { addOuter, factorise, solveFactorised } from './condensed-system.js';

/** min f(z) over convex g(z) ≤ 0 and lower ≤ z ≤ upper, all smooth. */
export interface ConvexProgram {
  readonly variables: number;
  /** number of rows of g */
  readonly rows: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** strictly between the bounds */
  readonly start: Float64Array;
  /** g alone, into `values`; false where it is not defined at z */
  values(z: Float64Array, values: Float64Array): boolean;
  /** ∇f, rows of ∇g (rows × variables) and the Hessian of f + Σ multiplier·g, into the arrays, which hold zeros */
  derivatives(
    z: Float64Array,
    multipliers: Float64Array,
    gradient: Float64Array,
    jacobian: Float64Array,
    hessian: Float64Array,
  ): void;
}

/** An iterate: variables, and one multiplier a row. The next iterate, and the next program, overwrite its arrays. */
export interface InteriorIterate {
  readonly z: Float64Array;
  readonly multipliers: Float64Array;
  /** average complementarity, in units of f */
  readonly barrier: number;
}

const BOUNDARY = 0.995;
const STALLED = 1e-10;

/**
 * Mehrotra's predictor–corrector on slacks g(z) + s = 0, from any start between the bounds; one Cholesky factorisation of the
 * condensed system an iteration. Its convergence is not proven: the caller's bounds say how good an iterate is.
 *
 * Source: Nocedal and Wright, "Numerical Optimization", 2nd ed., §19.3 and algorithm 14.3.
 *
 * @param visit told of each iterate; true ends the iterations
 * @returns how many systems were factorised
 */
export function interiorPoint(
  program: ConvexProgram,
  maximum: number,
  visit: (iterate: InteriorIterate) => boolean,
): number {
  const { variables: N, rows: m } = program;
  // Programs of one plan have one size. One that `visit` solves meanwhile gets arrays of its own.
  const point = spare?.N === N && spare.m === m ? spare : new Iteration(N, m);
  spare = undefined;
  const systems = solved(point, program, maximum, visit);
  spare = point;
  return systems;
}

/** Arrays of the last program, for the next one. */
let spare: Iteration | undefined;

function solved(
  point: Iteration,
  program: ConvexProgram,
  maximum: number,
  visit: (iterate: InteriorIterate) => boolean,
): number {
  if (!point.begin(program)) return 0;
  let systems = 0;
  for (; systems < maximum; systems++) {
    const barrier = point.barrier();
    if (visit({ z: point.z, multipliers: point.multipliers, barrier })) return systems;
    if (!point.step(barrier)) return systems + 1;
  }
  return systems;
}

/** A direction of all variables, and what the predictor's adds to the corrector's right-hand sides. */
class Direction {
  readonly z: Float64Array;
  readonly s: Float64Array;
  readonly multipliers: Float64Array;
  readonly atLower: Float64Array;
  readonly atUpper: Float64Array;

  constructor(variables: number, rows: number) {
    this.z = new Float64Array(variables);
    this.s = new Float64Array(rows);
    this.multipliers = new Float64Array(rows);
    this.atLower = new Float64Array(variables);
    this.atUpper = new Float64Array(variables);
  }
}

/** The iterate and the arrays that every step writes: programs are small, and making arrays would cost more than their sums. */
class Iteration {
  readonly z: Float64Array;
  readonly multipliers: Float64Array;
  private program!: ConvexProgram;
  private readonly g: Float64Array;
  private readonly s: Float64Array;
  private readonly atLower: Float64Array;
  private readonly atUpper: Float64Array;
  private complementary = 0;
  private readonly trial: Float64Array;
  private readonly trialValues: Float64Array;
  private readonly gradient: Float64Array;
  private readonly jacobian: Float64Array;
  private readonly matrix: Float64Array;
  private readonly affine: Direction;
  private readonly corrected: Direction;
  private readonly weight: Float64Array;
  private readonly aimLower: Float64Array;
  private readonly aimUpper: Float64Array;
  /** Σ of all products that the barrier is the mean of */
  private products = 0;

  constructor(
    readonly N: number,
    readonly m: number,
  ) {
    const of = (length: number) => new Float64Array(length);
    [this.z, this.multipliers, this.g, this.s] = [of(N), of(m), of(m), of(m)];
    [this.atLower, this.atUpper, this.aimLower, this.aimUpper] = [of(N), of(N), of(N), of(N)];
    [this.trial, this.trialValues, this.gradient, this.weight] = [of(N), of(m), of(N), of(m)];
    [this.jacobian, this.matrix] = [of(m * N), of(N * N)];
    [this.affine, this.corrected] = [new Direction(N, m), new Direction(N, m)];
  }

  /** Goes to a program's start; false where its rows are not defined there. */
  begin(program: ConvexProgram): boolean {
    this.program = program;
    const { N, m, z, g, s, multipliers, atLower, atUpper } = this;
    const { lower, upper, start } = program;
    this.complementary = m;
    for (let j = 0; j < N; j++) {
      z[j] = start[j];
      atLower[j] = lower[j] > -Infinity ? 1 : 0;
      atUpper[j] = upper[j] < Infinity ? 1 : 0;
      this.complementary += atLower[j] + atUpper[j];
    }
    multipliers.fill(1);
    if (!program.values(z, g)) return false;
    for (let i = 0; i < m; i++) s[i] = Math.max(-g[i], 0.1);
    return true;
  }

  /** The average complementarity. */
  barrier(): number {
    const { N, m, z, s, multipliers, atLower, atUpper } = this;
    const { lower, upper } = this.program;
    let products = 0;
    for (let i = 0; i < m; i++) products += s[i] * multipliers[i];
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) products += (z[j] - lower[j]) * atLower[j];
      if (upper[j] < Infinity) products += (upper[j] - z[j]) * atUpper[j];
    }
    this.products = products;
    return products / this.complementary;
  }

  /** One iteration; false where it comes no further. */
  step(barrier: number): boolean {
    const { program, N, z, multipliers, gradient, jacobian, matrix, affine, corrected } = this;
    gradient.fill(0);
    jacobian.fill(0);
    matrix.fill(0);
    program.derivatives(z, multipliers, gradient, jacobian, matrix);
    this.condense();
    if (!factorise(matrix, N)) return false;
    this.direct(affine, 0, undefined);
    const after = this.productsAfter(this.longest(affine));
    const centring = Math.min(1, Math.max(after / this.products, 0)) ** 3;
    this.direct(corrected, centring * barrier, affine);
    return this.search(barrier);
  }

  /** The condensed system: H + Jᵀ(λ/s)J + the bounds' own. */
  private condense(): void {
    const { N, m, z, s, multipliers, atLower, atUpper, jacobian, matrix } = this;
    const { lower, upper } = this.program;
    for (let i = 0; i < m; i++) addOuter(matrix, jacobian, i * N, N, multipliers[i] / s[i]);
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) matrix[j * N + j] += atLower[j] / (z[j] - lower[j]);
      if (upper[j] < Infinity) matrix[j * N + j] += atUpper[j] / (upper[j] - z[j]);
    }
  }

  /** Solves for a direction, of the corrector where there is a predictor, into its arrays. */
  private direct(into: Direction, target: number, predictor: Direction | undefined): void {
    const { N, m, z, s, g, multipliers, atLower, atUpper } = this;
    const { gradient, jacobian, weight, aimLower, aimUpper } = this;
    const { lower, upper } = this.program;
    const right = into.z;
    for (let j = 0; j < N; j++) right[j] = -gradient[j];
    for (let i = 0; i < m; i++) {
      const aim = target - (predictor ? predictor.s[i] * predictor.multipliers[i] : 0);
      weight[i] = aim / s[i] + (multipliers[i] / s[i]) * (g[i] + s[i]);
      for (let j = 0, row = i * N; j < N; j++) right[j] -= jacobian[row + j] * weight[i];
    }
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) {
        aimLower[j] = target - (predictor ? predictor.z[j] * predictor.atLower[j] : 0);
        right[j] += aimLower[j] / (z[j] - lower[j]);
      }
      if (upper[j] < Infinity) {
        aimUpper[j] = target + (predictor ? predictor.z[j] * predictor.atUpper[j] : 0);
        right[j] -= aimUpper[j] / (upper[j] - z[j]);
      }
    }
    solveFactorised(this.matrix, N, right);
    for (let i = 0; i < m; i++) {
      let along = g[i] + s[i];
      for (let j = 0, row = i * N; j < N; j++) along += jacobian[row + j] * right[j];
      into.s[i] = -along;
      const aim = target - (predictor ? predictor.s[i] * predictor.multipliers[i] : 0);
      into.multipliers[i] = aim / s[i] - multipliers[i] + (multipliers[i] / s[i]) * along;
    }
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity)
        into.atLower[j] = (aimLower[j] - atLower[j] * right[j]) / (z[j] - lower[j]) - atLower[j];
      if (upper[j] < Infinity)
        into.atUpper[j] = (aimUpper[j] + atUpper[j] * right[j]) / (upper[j] - z[j]) - atUpper[j];
    }
  }

  /** How far along a direction every slack and multiplier stays positive, at most 1. */
  private longest(along: Direction): number {
    const { N, m, z, s, multipliers, atLower, atUpper } = this;
    const { lower, upper } = this.program;
    let length = 1 / BOUNDARY;
    for (let i = 0; i < m; i++) {
      if (along.s[i] < 0) length = Math.min(length, -s[i] / along.s[i]);
      if (along.multipliers[i] < 0) length = Math.min(length, -multipliers[i] / along.multipliers[i]);
    }
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) {
        if (along.z[j] < 0) length = Math.min(length, (lower[j] - z[j]) / along.z[j]);
        if (along.atLower[j] < 0) length = Math.min(length, -atLower[j] / along.atLower[j]);
      }
      if (upper[j] < Infinity) {
        if (along.z[j] > 0) length = Math.min(length, (upper[j] - z[j]) / along.z[j]);
        if (along.atUpper[j] < 0) length = Math.min(length, -atUpper[j] / along.atUpper[j]);
      }
    }
    return Math.min(1, BOUNDARY * length);
  }

  /** Σ of the products after a step along the predictor. */
  private productsAfter(reach: number): number {
    const { N, m, z, s, multipliers, atLower, atUpper, affine } = this;
    const { lower, upper } = this.program;
    let after = 0;
    for (let i = 0; i < m; i++)
      after += (s[i] + reach * affine.s[i]) * (multipliers[i] + reach * affine.multipliers[i]);
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity)
        after += (z[j] + reach * affine.z[j] - lower[j]) * (atLower[j] + reach * affine.atLower[j]);
      if (upper[j] < Infinity)
        after += (upper[j] - z[j] - reach * affine.z[j]) * (atUpper[j] + reach * affine.atUpper[j]);
    }
    return after;
  }

  /** Goes along the corrected direction as far as the rows allow; false where that is nowhere. */
  private search(barrier: number): boolean {
    const { program, N, m, z, g, s, multipliers, atLower, atUpper, trial, trialValues } = this;
    const step = this.corrected;
    let violated = 0;
    for (let i = 0; i < m; i++) violated = Math.max(violated, Math.abs(g[i] + s[i]));
    let length = this.longest(step);
    for (; ; length *= 0.5) {
      if (!(length > STALLED)) return false;
      for (let j = 0; j < N; j++) trial[j] = z[j] + length * step.z[j];
      if (!program.values(trial, trialValues)) continue;
      let left = 0;
      for (let i = 0; i < m; i++) left = Math.max(left, trialValues[i] + s[i] + length * step.s[i]);
      if (left <= Math.max((1 - 0.1 * length) * violated, 10 * barrier, 1e-14)) break;
    }
    for (let j = 0; j < N; j++) {
      z[j] = trial[j];
      atLower[j] += length * step.atLower[j];
      atUpper[j] += length * step.atUpper[j];
    }
    for (let i = 0; i < m; i++) {
      g[i] = trialValues[i];
      // A slack smaller than the row's residual would be an error of its own.
      s[i] = Math.max(s[i] + length * step.s[i], -g[i]);
      multipliers[i] += length * step.multipliers[i];
    }
    return true;
  }
}
