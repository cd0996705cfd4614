/** A smooth function to minimise: writes its gradient at x into `gradient` and returns its value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Dense BFGS with a backtracking line search, for a handful of variables.
 *
 * Source: Nocedal & Wright, "Numerical Optimization", algorithm 6.1; the update is skipped where the curvature
 * condition sᵀy > 0 fails, so that the inverse Hessian stays positive definite.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  tolerance = 1e-8,
  maximumIterations = 200,
): Minimum {
  const n = start.length;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  const inverse = new Float64Array(n * n);
  const resetInverse = () => {
    inverse.fill(0);
    for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  };
  resetInverse();
  let fresh = true;
  let iteration = 0;
  let stalled = 0;
  const norm = (v: Float64Array) => Math.sqrt(v.reduce((sum, entry) => sum + entry * entry, 0));
  for (; iteration < maximumIterations; iteration++) {
    if (norm(gradient) <= tolerance * (1 + Math.abs(value))) break;
    const direction = new Float64Array(n);
    let slope = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) direction[i] -= inverse[i * n + j] * gradient[j];
      slope += direction[i] * gradient[i];
    }
    if (!(slope < 0)) {
      resetInverse();
      fresh = true;
      for (let i = 0; i < n; i++) direction[i] = -gradient[i];
      slope = -(norm(gradient) ** 2);
    }
    let length = fresh ? Math.min(1, 1 / norm(direction)) : 1;
    const next = new Float64Array(n);
    const nextGradient = new Float64Array(n);
    let nextValue = Infinity;
    for (let tries = 0; tries < 40; tries++, length *= 0.4) {
      for (let i = 0; i < n; i++) next[i] = x[i] + length * direction[i];
      nextValue = objective(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
    }
    if (!(nextValue <= value)) {
      if (fresh) break;
      resetInverse();
      fresh = true;
      continue;
    }
    const s = next.map((entry, i) => entry - x[i]);
    const y = nextGradient.map((entry, i) => entry - gradient[i]);
    let curvature = 0;
    let yNorm = 0;
    for (let i = 0; i < n; i++) {
      curvature += s[i] * y[i];
      yNorm += y[i] * y[i];
    }
    if (curvature > 1e-12 * yNorm) {
      if (fresh) {
        for (let i = 0; i < n; i++) inverse[i * n + i] = curvature / yNorm;
        fresh = false;
      }
      updateInverse(inverse, s, y, curvature);
    }
    stalled = value - nextValue <= 1e-15 * Math.abs(value) ? stalled + 1 : 0;
    x = next;
    gradient = nextGradient;
    value = nextValue;
    if (stalled >= 3) break;
  }
  const gradientNorm = norm(gradient);
  return {
    x,
    value,
    gradientNorm,
    iterations: iteration,
    converged: gradientNorm <= 1e3 * tolerance * (1 + Math.abs(value)),
  };
}

/** H ← (I − ρsyᵀ)H(I − ρysᵀ) + ρssᵀ, ρ = 1/(sᵀy), in place. */
function updateInverse(inverse: Float64Array, s: Float64Array, y: Float64Array, curvature: number): void {
  const n = s.length;
  const hy = new Float64Array(n);
  let yhy = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) hy[i] += inverse[i * n + j] * y[j];
    yhy += y[i] * hy[i];
  }
  const scale = (1 + yhy / curvature) / curvature;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++)
      inverse[i * n + j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / curvature;
  }
}
