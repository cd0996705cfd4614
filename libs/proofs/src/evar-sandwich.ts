import { InvalidInputError } from '#lib/errors';
import { standardisedEvar } from '#lib/risk';
import { dequantise, quantise } from './field.js';
import { constant, magnitude, ONE, positivePart, quotient, times, UNIT } from './fixed-point.js';

/**
 * EVaR and the normal distribution as circuits compute them, operation by operation: circuits/zkcircuits/evar.py. Private
 * values are made of these, so that their residuals are rounding alone.
 */
const SQUARINGS = 6;
const BOOST = 128n;
const INVERSE_BOOST = constant(1 / 128);
const EXP_FLOOR = 32n * ONE;
const TAIL_END = 8n * ONE;
const INVERSE_ROOT_TWO_PI = constant(0.3989422804014327);
/** erfc(x/√2)·e^{x²/2}/2 on [0, 8] by powers of 1/(1 + x/4). */
const TAIL = [
  0.000497679845012, 0.0921984849943, 0.148909869332, -0.086739013313, 0.48530069027, -0.498433317144,
  0.500921826124, -0.152648788788, 0.00999256103529,
].map(constant);

/** What the bounds and tolerances are made for. */
export const LARGEST_RATIO = 4000;
export const LARGEST_TILT = 8192;

/**
 * How far the equations of a sandwich may be from holding, in units of 2^−24, s at most `deviation`:
 * - ratio: k to half a unit is s/2 units of m, and half a unit for the product.
 * - inverse, log, probability, density: half a unit of a factor below 3, and half a unit each for what is compared.
 */
export function sandwichTolerances(deviation: number) {
  return {
    ratio: (deviation / 2 + 2) * UNIT,
    inverse: 4 * UNIT,
    log: 4 * UNIT,
    probability: 4 * UNIT,
    density: 4 * UNIT,
  } as const;
}

/** Of upper·t = s·(ln M + b): upper to half a unit times t, and what is left of the products. */
export function upperTolerance(tilt: number): number {
  return (tilt / 2 + 4) * UNIT;
}

/**
 * KL may be above the budget by this, which is its rounding: exp to 10^−7, and (k+t)·p to a unit times t. A lower bound whose
 * tilt has entropy b + ε is a bound but for the factor b/(b+ε): entropy is convex in the share of the tilt.
 */
export function entropyTolerance(tilt: number): number {
  return 2 ** -12 + tilt * 2 ** -19;
}

/** A lower bound further below the upper one than this share of it, and two units, shows that the tilt is not the optimal one. */
export function sandwichTolerance(tilt: number): number {
  return 2 ** -13 + tilt * 2 ** -21;
}

/** Why a sandwich does not hold, whatever its residuals. */
export function sandwichFailures(
  name: string,
  { tilt, slack, upper, lower, residual }: Record<'tilt' | 'slack' | 'upper' | 'lower' | 'residual', number>,
): string[] {
  const failures: string[] = [];
  if (!(tilt > 0 && tilt <= LARGEST_TILT))
    failures.push(`tilt ${name} ${tilt} is not in (0, ${LARGEST_TILT}]`);
  if (Math.abs(residual) > upperTolerance(tilt))
    failures.push(`residual upper ${name} ${residual} is above its tolerance ${upperTolerance(tilt)}`);
  if (slack < -entropyTolerance(tilt))
    failures.push(`the tilt ${name} has too much entropy, ${-slack} above the budget`);
  if (upper - lower > sandwichTolerance(tilt) * upper + 2 * UNIT)
    failures.push(`the bounds ${name}, ${upper} and ${lower}, are too far apart`);
  return failures;
}

/** 128·e^y for y ≤ 0, in units. */
function boostedExp(y: bigint): bigint {
  const clipped = positivePart(y + EXP_FLOOR) - EXP_FLOOR;
  let series = BOOST * ONE;
  for (let j = 5; j > 0; j--)
    series = BOOST * ONE + times(times(clipped, series), constant(1 / (2 ** SQUARINGS * j)));
  for (let i = 0; i < SQUARINGS; i++) series = lowered(times(series, series));
  return series;
}

function lowered(value: bigint): bigint {
  return times(value, INVERSE_BOOST);
}

interface NormalAt {
  /** 1/(1 + min(|x|, 8)/4), private */
  readonly inverse: bigint;
  readonly density: bigint;
  readonly distribution: bigint;
}

/** φ(x) and Φ(x), in units. */
export function normalAt(x: bigint): NormalAt {
  const size = magnitude(x);
  const capped = size - positivePart(size - TAIL_END);
  const gaussian = lowered(boostedExp(times(times(capped, capped), constant(-0.5))));
  const inverse = quotient(ONE, ONE + times(capped, constant(0.25)));
  let series = TAIL[TAIL.length - 1];
  for (let j = TAIL.length - 2; j >= 0; j--) series = TAIL[j] + times(inverse, series);
  const tail = times(gaussian, series);
  const half = constant(0.5);
  return {
    inverse,
    density: times(gaussian, INVERSE_ROOT_TWO_PI),
    distribution: x === 0n ? half : x > 0n ? half + (half - tail) : tail,
  };
}

/** Private values of one book's sandwich, and what follows from them, in units of 2^−24. */
export interface SandwichWitness {
  readonly k: bigint;
  readonly t: bigint;
  /** 128·Q(X > 0) */
  readonly p: bigint;
  readonly c: bigint;
  readonly upper: bigint;
  readonly r: bigint;
  readonly atRatio: NormalAt;
  readonly atShifted: NormalAt;
  readonly lower: bigint;
  readonly volatilitySlope: bigint;
  /** budget − KL */
  readonly slack: bigint;
}

/**
 * The sandwich of h(m, s) at its optimal tilt.
 *
 * @param mean m in units; @param deviation s in units, > 0; @param budget −ln α in units
 * @throws {InvalidInputError} naming `field` where m/s is outside of what circuits are made for
 */
export function sandwichOf(mean: bigint, deviation: bigint, budget: bigint, field: string): SandwichWitness {
  const k = quotient(mean, deviation);
  if (magnitude(k) > BigInt(LARGEST_RATIO) * ONE)
    throw new InvalidInputError(
      field,
      `makes a mean of ${dequantise(k)} deviations, which must be within ±${LARGEST_RATIO}`,
    );
  const t = quantise(standardisedEvar(dequantise(k), -dequantise(budget)).tilt, 'tilt');
  const shifted = k + t;
  const atRatio = normalAt(k);
  const atShifted = normalAt(shifted);
  const exponent = times(times(t, k + k + t), constant(0.5));
  const top = positivePart(exponent);
  const down = lowered(boostedExp(-top));
  const above = times(boostedExp(exponent - top), atShifted.distribution);
  const total = lowered(above) + times(down, ONE - atRatio.distribution);
  const r = quotient(total - ONE, total + ONE);
  const p = quotient(above, total);
  const c = quotient(times(down, atRatio.density), total);
  const square = times(r, r);
  let series = constant(2 / 15);
  for (let odd = 13; odd > 0; odd -= 2) series = constant(2 / odd) + times(square, series);
  const logTotal = top + times(r, series);
  const reach = lowered(times(shifted, p)) + c;
  return {
    k,
    t,
    p,
    c,
    upper: quotient(times(deviation, logTotal + budget), t),
    r,
    atRatio,
    atShifted,
    lower: times(deviation, reach),
    volatilitySlope: lowered(times(t, p)) + c,
    slack: budget + logTotal - times(t, reach),
  };
}
