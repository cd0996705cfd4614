import { quantise, SCALE_BITS } from './field.js';

/** One: numbers in a circuit are integers in units of 2^−24. */
export const ONE = 1n << BigInt(SCALE_BITS);
/** 2^−24, the unit as a number: what tolerances are written in. */
export const UNIT = 2 ** -SCALE_BITS;

/** a/b to the nearest integer, halves away from zero. @param b > 0 */
export function nearest(a: bigint, b: bigint): bigint {
  return a < 0n ? -((-a + b / 2n) / b) : (a + b / 2n) / b;
}

/** A product as circuits compute it: rescaled to units of 2^−24. */
export function times(a: bigint, b: bigint): bigint {
  return nearest(a * b, ONE);
}

/** Σ a_i·b_i, rescaled once. */
export function dotProduct(a: readonly bigint[], b: readonly bigint[]): bigint {
  return nearest(
    a.reduce((sum, value, i) => sum + value * b[i], 0n),
    ONE,
  );
}

/** The q nearest to a/b, so that times(q, b) is a but for rounding. @param b not 0 */
export function quotient(a: bigint, b: bigint): bigint {
  return b < 0n ? nearest(-a * ONE, -b) : nearest(a * ONE, b);
}

/** A constant as it is in a circuit: ONNX keeps single precision, ezkl rounds to units. */
export function constant(value: number): bigint {
  return quantise(Math.fround(value), 'constant');
}

export function positivePart(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
