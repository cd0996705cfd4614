/** Arithmetic of circuits on integers, written down a second time for tests. */

/** a/b to the nearest integer, halves away from zero. @param b > 0 */
export function nearest(a: bigint, b: bigint): bigint {
  return a < 0n ? -((-a + b / 2n) / b) : (a + b / 2n) / b;
}

/** value/2^bits as ezkl's witness divides. */
export function shifted(value: bigint, bits: number): bigint {
  return nearest(value, 1n << BigInt(bits));
}

export function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

export function dot(a: readonly bigint[], b: readonly bigint[]): bigint {
  return a.reduce((sum, value, i) => sum + value * b[i], 0n);
}
