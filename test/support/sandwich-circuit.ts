import { FIELD_ORDER } from '#lib/proofs';
import { nearest, positive } from './circuit-integers.js';

/** Arithmetic that a circuit is evaluated in: integers, or intervals that hold whatever quotients a prover chooses. */
export interface Arithmetic<T> {
  of(value: bigint): T;
  add(a: T, b: T): T;
  subtract(a: T, b: T): T;
  multiply(a: T, b: T): T;
  /** a/2^bits: the circuit takes either neighbour */
  divide(a: T, bits: number): T;
  positive(a: T): T;
}

export const INTEGERS: Arithmetic<bigint> = {
  of: (value) => value,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, bits) => nearest(a, 1n << BigInt(bits)),
  positive,
};

/** All integers from low to high. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

const least = (...values: bigint[]) => values.reduce((a, b) => (b < a ? b : a));
const most = (...values: bigint[]) => values.reduce((a, b) => (b > a ? b : a));
export const floor = (a: bigint, b: bigint) => (a >= 0n ? a / b : -((-a + b - 1n) / b));
export const ceiling = (a: bigint, b: bigint) => -floor(-a, b);

export const INTERVALS: Arithmetic<Interval> = {
  of: (value) => ({ low: value, high: value }),
  add: (a, b) => ({ low: a.low + b.low, high: a.high + b.high }),
  subtract: (a, b) => ({ low: a.low - b.high, high: a.high - b.low }),
  multiply: (a, b) => {
    const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
    return { low: least(...products), high: most(...products) };
  },
  // |a − q 2^bits| < 2^bits leaves the floor and the ceiling of a/2^bits.
  divide: (a, bits) => ({ low: floor(a.low, 1n << BigInt(bits)), high: ceiling(a.high, 1n << BigInt(bits)) }),
  positive: (a) => ({ low: positive(a.low), high: positive(a.high) }),
};

const ONE = 1n << 24n;
const TAIL = [
  0.000497679845012, 0.0921984849943, 0.148909869332, -0.086739013313, 0.48530069027, -0.498433317144,
  0.500921826124, -0.152648788788, 0.00999256103529,
];
const constant = (value: number) => BigInt(Math.fround(Math.round(value * 2 ** 24)));

/** e^y in units of 2^−38: circuits/zkcircuits/sandwich.py. */
function exponential<T>(x: Arithmetic<T>, y: T): T {
  const floorAt = x.of(32n * ONE);
  const clipped = x.subtract(x.positive(x.add(y, floorAt)), floorAt);
  const one = x.of(1n << 38n);
  let series = one;
  for (const j of [5, 4, 3, 2, 1]) {
    const shift = j === 4 ? 2 : j === 2 ? 1 : 0;
    let product = x.divide(x.multiply(clipped, series), 30 + shift);
    if (j === 5 || j === 3) product = x.divide(x.multiply(product, x.of(constant(1 / j))), 24);
    series = x.add(product, one);
  }
  for (let i = 0; i < 6; i++) series = x.divide(x.multiply(series, series), 38);
  return series;
}

/** φ and Φ at x ≥ 0 or x ≤ 0 throughout. @param size |x|; @param below whether x < 0; @param inverse 1/(1 + min(|x|, 8)/4) */
export function normal<T>(x: Arithmetic<T>, size: T, below: boolean, inverse: T) {
  const capped = cappedSize(x, size);
  const square = x.divide(x.multiply(capped, capped), 25);
  const gaussian = x.divide(exponential(x, x.subtract(x.of(0n), square)), 14);
  let series = x.of(constant(TAIL[8]));
  for (let j = 7; j >= 0; j--)
    series = x.add(x.of(constant(TAIL[j])), x.divide(x.multiply(inverse, series), 24));
  const tail = x.divide(x.multiply(gaussian, series), 24);
  const density = x.divide(x.multiply(gaussian, x.of(constant(0.3989422804014327))), 24);
  return { density, distribution: below ? tail : x.subtract(x.of(ONE), tail) };
}

export function cappedSize<T>(x: Arithmetic<T>, size: T): T {
  return x.subtract(size, x.positive(x.subtract(size, x.of(8n * ONE))));
}

/** E = t(k + t/2), and M and its parts by e^max(E, 0), before anything private is divided. */
export function parts<T>(
  x: Arithmetic<T>,
  k: T,
  t: T,
  at: ReturnType<typeof normal<T>>,
  shifted: ReturnType<typeof normal<T>>,
) {
  const exponent = x.divide(x.multiply(t, x.add(x.add(k, k), t)), 25);
  const top = x.positive(exponent);
  const down = x.divide(exponential(x, x.subtract(x.of(0n), top)), 14);
  const above = x.divide(x.multiply(exponential(x, x.subtract(exponent, top)), shifted.distribution), 24);
  const below = x.divide(x.multiply(down, x.subtract(x.of(ONE), at.distribution)), 24);
  const total = x.add(x.divide(above, 14), below);
  return { top, above, total, atZero: x.divide(x.multiply(down, at.density), 24) };
}

/** ln M from r = (M−1)/(M+1). */
export function logarithm<T>(x: Arithmetic<T>, top: T, r: T): T {
  const square = x.divide(x.multiply(r, r), 24);
  let series = x.of(constant(2 / 15));
  for (let odd = 13; odd > 0; odd -= 2)
    series = x.add(x.of(constant(2 / odd)), x.divide(x.multiply(square, series), 24));
  return x.add(top, x.divide(x.multiply(r, series), 24));
}

/** E[X⁺]/s in units of 2^−30, h_s, and b − KL. */
export function ends<T>(
  x: Arithmetic<T>,
  { k, t, p, c, log, budget }: Readonly<Record<'k' | 't' | 'p' | 'c' | 'log' | 'budget', T>>,
) {
  const reach = x.add(x.divide(x.multiply(x.add(k, t), p), 32), x.multiply(c, x.of(64n)));
  return {
    reach,
    slope: x.add(x.divide(x.multiply(t, p), 38), c),
    slack: x.subtract(x.add(budget, log), x.divide(x.multiply(t, reach), 30)),
  };
}

/**
 * Changes of a private value of the EVaR sandwich that a verifier must refuse: the other sign, a step beyond rounding either way,
 * beyond its range, around the field.
 */
export function alterations(name: string, value: bigint): ((value: bigint) => bigint)[] {
  const step = name === 'p' || name === 'c' || name === 'r' || name.startsWith('i') ? 3n : 2n;
  // The slack leaves the tilt some room, which moves the upper bound in second order only.
  const moved = name === 't' ? value / 1000n : step;
  return [
    ...(value === 0n ? [] : [(v: bigint) => -v]),
    (v) => v + moved,
    (v) => v - moved,
    (v) => v + (1n << 40n),
    (v) => v + FIELD_ORDER / 2n,
  ];
}
