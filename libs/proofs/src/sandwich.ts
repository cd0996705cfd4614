import { InvalidInputError } from '#lib/errors';
import { standardisedEvar } from '#lib/risk';
import { dequantise, quantise } from './field.js';
import { fixed, magnitude, nearest, ONE, positivePart, quotient, shifted } from './fixed-point.js';
import { SHARED } from './generated/layout.js';

/**
 * EVaR and the normal distribution as circuits on integers compute them, operation by operation: circuits/zkcircuits/sandwich.py.
 * Private values are made of these, so that their residuals are the rounding of one quotient.
 */
const BITS = 24;
/** exp and p are in units of 2^−38, the reach E[X⁺]/s in units of 2^−30. */
const FINE = 38;
const REACH = 30;
const SQUARINGS = 6;
const EXP_FLOOR = 32n * ONE;
const TAIL_END = 8n * ONE;
const INVERSE_ROOT_TWO_PI = fixed(0.3989422804014327);
/** erfc(x/√2)·e^{x²/2}/2 on [0, 8] by powers of 1/(1 + x/4). */
const TAIL = [
  0.000497679845012, 0.0921984849943, 0.148909869332, -0.086739013313, 0.48530069027, -0.498433317144,
  0.500921826124, -0.152648788788, 0.00999256103529,
].map(fixed);
/** Taylor's 1/j of e^{y/64}: a shift where j is a power of two. */
const TERMS = [
  { inverse: fixed(1 / 5), bits: 0 },
  { inverse: null, bits: 2 },
  { inverse: fixed(1 / 3), bits: 0 },
  { inverse: null, bits: 1 },
  { inverse: null, bits: 0 },
] as const;

/** Largest |m/s| and tilt that circuits are made for. */
export const LARGEST_RATIO = 4000;
export const LARGEST_TILT = SHARED.largestTilt / 2 ** BITS;

/** e^y in units of 2^−38, for y ≤ 0 in units of 2^−24. */
export function fineExp(y: bigint): bigint {
  const clipped = positivePart(y + EXP_FLOOR) - EXP_FLOOR;
  const one = 1n << BigInt(FINE);
  let series = one;
  for (const { inverse, bits } of TERMS) {
    const product = shifted(clipped * series, BITS + SQUARINGS + bits);
    series = one + (inverse === null ? product : shifted(product * inverse, BITS));
  }
  for (let i = 0; i < SQUARINGS; i++) series = shifted(series * series, FINE);
  return series;
}

export interface NormalValues {
  /** 1/(1 + min(|x|, 8)/4), private */
  readonly inverse: bigint;
  readonly density: bigint;
  readonly distribution: bigint;
}

/** φ(x) and Φ(x), all in units of 2^−24. */
export function normalValues(x: bigint): NormalValues {
  const size = magnitude(x);
  const capped = size - positivePart(size - TAIL_END);
  const gaussian = shifted(fineExp(-shifted(capped * capped, BITS + 1)), FINE - BITS);
  const inverse = nearest(4n * ONE * ONE, capped + 4n * ONE);
  let series = TAIL[TAIL.length - 1];
  for (let j = TAIL.length - 2; j >= 0; j--) series = TAIL[j] + shifted(inverse * series, BITS);
  const tail = shifted(gaussian * series, BITS);
  const half = ONE / 2n;
  const sign = x === 0n ? 0n : x > 0n ? 1n : -1n;
  return {
    inverse,
    density: shifted(gaussian * INVERSE_ROOT_TWO_PI, BITS),
    distribution: sign * (half - tail) + half,
  };
}

/** Private values of one book's sandwich, and derived values. */
export interface SandwichValues {
  readonly k: bigint;
  readonly t: bigint;
  /** Q(X > 0) in units of 2^−38 */
  readonly p: bigint;
  readonly c: bigint;
  readonly upper: bigint;
  readonly r: bigint;
  readonly atRatio: NormalValues;
  readonly atShifted: NormalValues;
  readonly lower: bigint;
  /** h_s */
  readonly slope: bigint;
  /** budget − KL */
  readonly slack: bigint;
}

/**
 * The sandwich of h(m, s) at its optimal tilt.
 *
 * @param mean m; @param deviation s > 0; @param budget −ln α: in units of 2^−24
 * @param tilt another one than the optimal
 * @throws {InvalidInputError} naming `field` where m/s is outside of the circuits' range
 */
export function sandwichValues(
  mean: bigint,
  deviation: bigint,
  budget: bigint,
  field: string,
  tilt?: bigint,
): SandwichValues {
  const k = quotient(mean, deviation);
  if (magnitude(k) > BigInt(LARGEST_RATIO) * ONE)
    throw new InvalidInputError(
      field,
      `makes a mean of ${dequantise(k)} deviations, which must be within ±${LARGEST_RATIO}`,
    );
  const t = tilt ?? quantise(standardisedEvar(dequantise(k), -dequantise(budget)).tilt, 'tilt');
  const shiftedRatio = k + t;
  const atRatio = normalValues(k);
  const atShifted = normalValues(shiftedRatio);
  const exponent = shifted(t * (k + k + t), BITS + 1);
  const top = positivePart(exponent);
  const down = shifted(fineExp(-top), FINE - BITS);
  const above = shifted(fineExp(exponent - top) * atShifted.distribution, BITS);
  const total = shifted(above, FINE - BITS) + shifted(down * (ONE - atRatio.distribution), BITS);
  const r = nearest((total - ONE) * ONE, total + ONE);
  const p = nearest(above * ONE, total);
  const c = nearest(shifted(down * atRatio.density, BITS) * ONE, total);
  const square = shifted(r * r, BITS);
  let series = fixed(2 / 15);
  for (let odd = 13; odd > 0; odd -= 2) series = fixed(2 / odd) + shifted(square * series, BITS);
  const logTotal = top + shifted(r * series, BITS);
  const reach = shifted(shiftedRatio * p, BITS + FINE - REACH) + (c << BigInt(REACH - BITS));
  return {
    k,
    t,
    p,
    c,
    upper: nearest(deviation * (logTotal + budget), t),
    r,
    atRatio,
    atShifted,
    lower: shifted(deviation * reach, REACH),
    slope: shifted(t * p, FINE) + c,
    slack: budget + logTotal - shifted(t * reach, REACH),
  };
}
