import { InvalidInputError } from '#lib/errors';

/**
 * How many days back an exponentially weighted estimator of the gradient looks: 2·∛(6λ/(1−λ)³) steps.
 *
 * @param lambda decay by step, in (0, 1)
 * @param stepDays length of a step, days
 * @see QuantAMM's litepaper on temporal-function market making, whose convention this is
 */
export function memoryDays(lambda: number, stepDays: number): number {
  return (2 * Math.cbrt(6 * lambda) * stepDays) / (1 - lambda);
}

/**
 * The decay λ with which an estimator looks so many days back: the root of 6λ = m³(1−λ)³ with m = days/(2·step).
 *
 * @throws {InvalidInputError} for a memory or a step that is not positive
 */
export function decayOfMemory(days: number, stepDays: number): number {
  for (const [field, value] of [
    ['memoryDays', days],
    ['stepDays', stepDays],
  ] as const)
    if (!(value > 0 && Number.isFinite(value)))
      throw new InvalidInputError(field, `must be a positive number, got ${value}`);
  const cube = (days / (2 * stepDays)) ** 3;
  // u = 1 − λ solves c·u³ + 6u − 6 = 0, which rises and is convex: Newton's steps from the right never overshoot.
  let u = Math.min(1, Math.cbrt(6 / cube));
  for (let i = 0; i < 100; i++) {
    const next = u - (cube * u ** 3 + 6 * u - 6) / (3 * cube * u * u + 6);
    if (!(next < u)) break;
    u = next;
  }
  // λ itself, without the cancellation of 1 − u.
  return (cube * u ** 3) / 6;
}
