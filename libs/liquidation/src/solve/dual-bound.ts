import { type AffineFunction, lagrangianMinimum } from './linear-lagrangian.js';
import type { LiquidationProgram } from '../program/program.js';

/**
 * The weight λ_k ≥ 0 that maximises the Lagrangian's minimum along one coordinate. That minimum is concave in λ, its
 * derivative the k-th function at the minimising w: bisected, to the last bit where the function is piecewise linear.
 */
function maximiseCoordinate(
  program: LiquidationProgram,
  functions: readonly AffineFunction[],
  caps: Float64Array,
  multipliers: number[],
  k: number,
): void {
  const { n, notionals, impacts } = program;
  const base = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    base[i] = notionals[i];
    for (let j = 0; j < functions.length; j++)
      if (j !== k) base[i] += multipliers[j] * functions[j].gradient[i];
  }
  const { constant, gradient } = functions[k];
  if (impacts.every((impact) => impact === 0)) {
    multipliers[k] = steepestKink(base, gradient, constant, caps);
    return;
  }
  const derivative = (lambda: number) => {
    let value = constant;
    for (let i = 0; i < n; i++) {
      const slope = base[i] + lambda * gradient[i];
      if (slope < 0)
        value += gradient[i] * (impacts[i] > 0 ? Math.min(caps[i], -slope / impacts[i]) : caps[i]);
    }
    return value;
  };
  if (!(derivative(0) > 0)) {
    multipliers[k] = 0;
    return;
  }
  let high = Math.max(1, 2 * multipliers[k]);
  for (let doubled = 0; derivative(high) > 0; doubled++, high *= 4) {
    // Rises without end: no w satisfies this function alone. The caller's bound shows it.
    if (doubled > 60) break;
  }
  let low = 0;
  for (let step = 0; step < 200; step++) {
    const middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    if (derivative(middle) > 0) low = middle;
    else high = middle;
  }
  // Both ends of the last interval are candidates: at a kink the better one may be either.
  multipliers[k] = low;
  const atLow = lagrangianMinimum(program, functions, multipliers, caps);
  multipliers[k] = high;
  if (atLow > lagrangianMinimum(program, functions, multipliers, caps)) multipliers[k] = low;
}

/**
 * Without impact the minimum is piecewise linear in λ, with a kink where a reduced cost base + λ·gradient changes its sign:
 * the kinks are walked through in order until the derivative is not positive any more.
 */
function steepestKink(
  base: Float64Array,
  gradient: Float64Array,
  constant: number,
  caps: Float64Array,
): number {
  let derivative = constant;
  const kinks: { at: number; change: number }[] = [];
  for (let i = 0; i < base.length; i++) {
    const slope = gradient[i] * caps[i];
    const negative = base[i] < 0 || (base[i] === 0 && gradient[i] < 0);
    if (negative) derivative += slope;
    const at = -base[i] / gradient[i];
    // A position joins where its reduced cost falls below zero, and leaves where it rises above: the derivative falls.
    if (at > 0 && at < Infinity) kinks.push({ at, change: -Math.abs(slope) });
  }
  if (!(derivative > 0)) return 0;
  kinks.sort((a, b) => a.at - b.at);
  for (const { at, change } of kinks) {
    derivative += change;
    if (!(derivative > 0)) return at;
  }
  // Rises without end: no w satisfies this function alone. A large weight shows it.
  return 2 * (kinks.at(-1)?.at ?? 1);
}

/** Multipliers and the bound they give. */
export interface DualPoint {
  readonly multipliers: readonly number[];
  readonly bound: number;
}

/** The better of a start and its image after two rounds of coordinate steps, last function first. */
export function improveDual(
  program: LiquidationProgram,
  functions: readonly AffineFunction[],
  caps: Float64Array,
  start: readonly number[],
): DualPoint {
  const multipliers = start.map((value) => Math.max(0, value));
  let best: DualPoint = {
    multipliers: [...multipliers],
    bound: lagrangianMinimum(program, functions, multipliers, caps),
  };
  for (let step = 0; step < 2 * functions.length; step++) {
    maximiseCoordinate(
      program,
      functions,
      caps,
      multipliers,
      functions.length - 1 - (step % functions.length),
    );
    const bound = lagrangianMinimum(program, functions, multipliers, caps);
    if (bound > best.bound) best = { multipliers: [...multipliers], bound };
  }
  return best;
}

/** {@link improveDual} from the given start and from each function alone: any λ gives a valid bound, this looks for a good one. */
export function maximiseDual(
  program: LiquidationProgram,
  functions: readonly AffineFunction[],
  caps: Float64Array,
  starts: readonly (readonly number[])[],
): DualPoint {
  const alone = functions.map((_, k) => {
    const multipliers = functions.map(() => 0);
    maximiseCoordinate(program, functions, caps, multipliers, k);
    return multipliers;
  });
  return [...starts, ...alone]
    .map((start) => improveDual(program, functions, caps, start))
    .reduce((best, point) => (point.bound > best.bound ? point : best));
}

/**
 * {@link maximiseDual} for two functions where both hold the optimum back: golden section on the first weight, the second
 * maximised exactly at each step. The maximum over one weight of a jointly concave function is concave in the other.
 */
export function maximiseDualPair(
  program: LiquidationProgram,
  functions: readonly [AffineFunction, AffineFunction],
  caps: Float64Array,
  around: readonly number[],
): DualPoint {
  const second = around[1] ?? 0;
  const at = (first: number): DualPoint => {
    const multipliers = [first, second];
    maximiseCoordinate(program, functions, caps, multipliers, 1);
    return { multipliers, bound: lagrangianMinimum(program, functions, multipliers, caps) };
  };
  const highest = 2 * Math.max(around[0], around[1], 1);
  return at(goldenSection((first) => at(first).bound, 0, highest));
}

/** Where a concave function of one variable is greatest, by golden section: 90 steps, to the last bits. */
export function goldenSection(value: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let atLeft = value(left);
  let atRight = value(right);
  for (let step = 0; step < 90 && low < left && right < high; step++) {
    if (atLeft >= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = value(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = value(right);
    }
  }
  return atLeft >= atRight ? left : right;
}
