/** Keeps the largest change strictly inside the velocity limit, whatever is rounded. */
const VELOCITY_SLACK = 1e-10;

/**
 * The absolute guard rail: weights that sum to one, each at least `minimum` (so none above 1 − (n−1)·minimum). Lower ones
 * are raised to it, the others share the remainder in proportion, until none is below.
 *
 * @param weights of any positive sum; overwritten
 * @param minimum in (0, 1/n)
 */
export function guardWeights(weights: Float64Array, minimum: number): void {
  const n = weights.length;
  const most = 1 - (n - 1) * minimum;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += weights[i];
  for (let i = 0; i < n; i++) {
    const share = weights[i] / sum;
    weights[i] = share > most ? most : share;
  }
  let raised = 0;
  for (;;) {
    let low = 0;
    let rest = 0;
    for (let i = 0; i < n; i++) {
      if (weights[i] <= minimum) {
        weights[i] = minimum;
        low++;
      } else rest += weights[i];
    }
    if (low === n) break;
    const scale = (1 - low * minimum) / rest;
    for (let i = 0; i < n; i++) if (weights[i] > minimum) weights[i] *= scale;
    if (low === raised) break;
    raised = low;
  }
  // The remainder of rounding goes where it weighs least.
  let largest = 0;
  let residual = 1;
  for (let i = 0; i < n; i++) {
    residual -= weights[i];
    if (weights[i] > weights[largest]) largest = i;
  }
  weights[largest] += residual;
}

/**
 * The velocity limit: by how much each weight moves in a row on its way from `from` to `to`. Where one would move by more than
 * `fastest`, all are slowed by the same factor: the direction is kept, the target is not reached.
 *
 * @param steps written
 */
export function guardVelocity(
  from: Float64Array,
  to: Float64Array,
  rows: number,
  fastest: number,
  steps: Float64Array,
): void {
  let largest = 0;
  for (let i = 0; i < steps.length; i++) {
    steps[i] = (to[i] - from[i]) / rows;
    largest = Math.max(largest, Math.abs(steps[i]));
  }
  if (largest <= fastest) return;
  const slower = fastest / (largest + VELOCITY_SLACK);
  for (let i = 0; i < steps.length; i++) steps[i] *= slower;
}
