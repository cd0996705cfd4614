import { SCALE_BITS } from './field.js';

/** One: numbers in a circuit are integers in units of 2^−24. */
export const ONE = 1n << BigInt(SCALE_BITS);
/** 2^−24, the unit of tolerances, as a number. */
export const UNIT = 2 ** -SCALE_BITS;

/** a/b to the nearest integer, halves away from zero. @param b > 0 */
export function nearest(a: bigint, b: bigint): bigint {
  return a < 0n ? -((-a + b / 2n) / b) : (a + b / 2n) / b;
}

/** value/2^bits as circuits divide: to the nearest, halves away from zero. */
export function shifted(value: bigint, bits: number): bigint {
  return nearest(value, 1n << BigInt(bits));
}

/** Numbers in a circuit's constants: units of 2^−24, of which single precision keeps 24 significant bits. */
export function fixed(value: number): bigint {
  return BigInt(Math.fround(Math.round(value * 2 ** SCALE_BITS)));
}

/** ⌊√value⌋ by Newton's steps from above. @param value ≥ 0 */
function floorRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (let next = (root + value / root) >> 1n; next < root; next = (root + value / root) >> 1n) root = next;
  return root;
}

/** The integer nearest to √value. @param value ≥ 0 */
export function nearestRoot(value: bigint): bigint {
  const root = floorRoot(value);
  return value - root * root > root ? root + 1n : root;
}

/** ⌈√value⌉ @param value ≥ 0 */
export function ceilingRoot(value: bigint): bigint {
  const root = floorRoot(value);
  return root * root === value ? root : root + 1n;
}

/** a/b in units of 2^−24, to the nearest. @param b not 0 */
export function quotient(a: bigint, b: bigint): bigint {
  return b < 0n ? nearest(-a * ONE, -b) : nearest(a * ONE, b);
}

export function positivePart(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
