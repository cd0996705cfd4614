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

/** An iterate: variables, and one multiplier a row. */
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
  const { variables: N, rows: m, lower, upper } = program;
  const z = Float64Array.from(program.start);
  const g = new Float64Array(m);
  if (!program.values(z, g)) return 0;
  const s = g.map((value) => Math.max(-value, 0.1));
  const multipliers = new Float64Array(m).fill(1);
  const atLower = lower.map((bound) => (bound > -Infinity ? 1 : 0));
  const atUpper = upper.map((bound) => (bound < Infinity ? 1 : 0));
  const complementary = m + sum(atLower) + sum(atUpper);
  const trial = new Float64Array(N);
  const trialValues = new Float64Array(m);
  const gradient = new Float64Array(N);
  const jacobian = new Float64Array(m * N);
  const matrix = new Float64Array(N * N);
  const [affine, step] = [directionOf(N, m), directionOf(N, m)];
  const weight = new Float64Array(m);
  const [aimLower, aimUpper] = [new Float64Array(N), new Float64Array(N)];
  /** Solves for a direction, of the corrector where there is a predictor, into its arrays. */
  const direct = (into: Direction, target: number, predictor?: Direction): void => {
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
    solveFactorised(matrix, N, right);
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
  };
  const longest = (along: Direction): number => {
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
  };
  let systems = 0;
  for (; systems < maximum; systems++) {
    let products = 0;
    for (let i = 0; i < m; i++) products += s[i] * multipliers[i];
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) products += (z[j] - lower[j]) * atLower[j];
      if (upper[j] < Infinity) products += (upper[j] - z[j]) * atUpper[j];
    }
    const barrier = products / complementary;
    if (visit({ z, multipliers, barrier })) return systems;
    gradient.fill(0);
    jacobian.fill(0);
    matrix.fill(0);
    program.derivatives(z, multipliers, gradient, jacobian, matrix);
    // The condensed system: H + Jᵀ(λ/s)J + the bounds' own.
    for (let i = 0; i < m; i++) addOuter(matrix, jacobian, i * N, N, multipliers[i] / s[i]);
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity) matrix[j * N + j] += atLower[j] / (z[j] - lower[j]);
      if (upper[j] < Infinity) matrix[j * N + j] += atUpper[j] / (upper[j] - z[j]);
    }
    if (!factorise(matrix, N)) return systems + 1;
    direct(affine, 0);
    const reach = longest(affine);
    let after = 0;
    for (let i = 0; i < m; i++) {
      after += (s[i] + reach * affine.s[i]) * (multipliers[i] + reach * affine.multipliers[i]);
    }
    for (let j = 0; j < N; j++) {
      if (lower[j] > -Infinity)
        after += (z[j] + reach * affine.z[j] - lower[j]) * (atLower[j] + reach * affine.atLower[j]);
      if (upper[j] < Infinity)
        after += (upper[j] - z[j] - reach * affine.z[j]) * (atUpper[j] + reach * affine.atUpper[j]);
    }
    const centring = Math.min(1, Math.max(after / products, 0)) ** 3;
    direct(step, centring * barrier, affine);
    let violated = 0;
    for (let i = 0; i < m; i++) violated = Math.max(violated, Math.abs(g[i] + s[i]));
    let length = longest(step);
    for (; ; length *= 0.5) {
      if (!(length > STALLED)) return systems + 1;
      for (let j = 0; j < N; j++) trial[j] = z[j] + length * step.z[j];
      if (!program.values(trial, trialValues)) continue;
      let left = 0;
      for (let i = 0; i < m; i++) left = Math.max(left, trialValues[i] + s[i] + length * step.s[i]);
      if (left <= Math.max((1 - 0.1 * length) * violated, 10 * barrier, 1e-14)) break;
    }
    z.set(trial);
    for (let i = 0; i < m; i++) {
      g[i] = trialValues[i];
      // A slack smaller than the row's residual would be an error of its own.
      s[i] = Math.max(s[i] + length * step.s[i], -g[i]);
      multipliers[i] += length * step.multipliers[i];
    }
    for (let j = 0; j < N; j++) {
      atLower[j] += length * step.atLower[j];
      atUpper[j] += length * step.atUpper[j];
    }
  }
  return systems;
}

interface Direction {
  readonly z: Float64Array;
  readonly s: Float64Array;
  readonly multipliers: Float64Array;
  readonly atLower: Float64Array;
  readonly atUpper: Float64Array;
}

function directionOf(variables: number, rows: number): Direction {
  const of = (length: number) => new Float64Array(length);
  return {
    ...{ z: of(variables), s: of(rows), multipliers: of(rows) },
    ...{ atLower: of(variables), atUpper: of(variables) },
  };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Adds weight·row·rowᵀ to the lower triangle. */
function addOuter(matrix: Float64Array, rows: Float64Array, at: number, n: number, weight: number): void {
  for (let i = 0; i < n; i++) {
    const scaled = weight * rows[at + i];
    if (scaled === 0) continue;
    for (let j = 0; j <= i; j++) matrix[i * n + j] += scaled * rows[at + j];
  }
}

/** Cholesky's factorisation of the lower triangle in place; a pivot lost to rounding is lifted. */
function factorise(matrix: Float64Array, n: number): boolean {
  let largest = 0;
  for (let j = 0; j < n; j++) largest = Math.max(largest, matrix[j * n + j]);
  if (!(largest > 0 && largest < Infinity)) return false;
  for (let j = 0; j < n; j++) {
    const own = matrix[j * n + j];
    let pivot = own;
    for (let k = 0; k < j; k++) pivot -= matrix[j * n + k] * matrix[j * n + k];
    if (!(pivot > 1e-15 * own)) pivot = Math.max(1e-15 * own, 1e-30 * largest);
    const root = Math.sqrt(pivot);
    matrix[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let value = matrix[i * n + j];
      for (let k = 0; k < j; k++) value -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = value / root;
    }
  }
  return true;
}

function solveFactorised(factor: Float64Array, n: number, right: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let value = right[i];
    for (let k = 0; k < i; k++) value -= factor[i * n + k] * right[k];
    right[i] = value / factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = right[i];
    for (let k = i + 1; k < n; k++) value -= factor[k * n + i] * right[k];
    right[i] = value / factor[i * n + i];
  }
}
