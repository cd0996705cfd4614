import { describe, expect, it } from 'vitest';
import { logNormalCdf, standardisedEvar } from '#lib/risk';
import { randomStream } from '#lib/runtime';
import {
  cappedSize,
  ceiling,
  ends,
  floor,
  type Interval,
  INTERVALS as x,
  logarithm,
  normal,
  parts,
} from '../../support/sandwich-circuit.js';

const ONE = 1n << 24n;
const UNIT = 2 ** -24;
const SMALLEST_UPPER = 2 ** 13;

/** All q for which |q·by − value| ≤ tolerance may hold. */
function quotient(value: Interval, by: Interval, tolerance: bigint): Interval {
  const ends = [value.low - tolerance, value.high + tolerance].flatMap((edge) =>
    [by.low, by.high].flatMap((divisor) => [floor(edge, divisor), ceiling(edge, divisor)]),
  );
  return {
    low: ends.reduce((a, b) => (b < a ? b : a)),
    high: ends.reduce((a, b) => (b > a ? b : a)),
  };
}

const times = (value: Interval, factor: bigint) => x.multiply(value, x.of(factor));

/** φ and Φ of every number of an interval that does not change sign. */
function normalOf(value: Interval) {
  const below = value.high <= 0n;
  const size = below
    ? { low: -value.high, high: -value.low }
    : { low: value.low > 0n ? value.low : 0n, high: value.high };
  const capped = cappedSize(x, size);
  // The capped size is monotone in the size: its ends are those of the ends.
  const ends = { low: capped.low < 0n ? 0n : least(size.low, 8n * ONE), high: least(size.high, 8n * ONE) };
  const inverse = quotient(x.of(4n * ONE * ONE), x.add(ends, x.of(4n * ONE)), 6n * ONE);
  return normal(x, ends, below, inverse);
}

const least = (a: bigint, b: bigint) => (a < b ? a : b);

/**
 * Everything a dishonest prover can publish of one book at the optimal tilt.
 *
 * @param isPublic whether s is a public value, as that of the pool before a liquidation is
 * @param exactRatio leaves out the range of m/s: intervals would count it against the tilt and against the slope as if they were not tied
 */
function reachable(mean: bigint, s: bigint, budget: bigint, exactRatio = false, isPublic = exactRatio) {
  const volatility = isPublic ? x.of(s) : { low: s - 1n, high: s + 1n };
  const k = exactRatio ? x.of(floor(mean * ONE, s)) : quotient(x.of(mean * ONE), volatility, s / 2n + 1n);
  const t = x.of(
    BigInt(Math.round(standardisedEvar(Number(mean) / Number(s), -Number(budget) * UNIT).tilt * 2 ** 24)),
  );
  const { top, above, total, atZero } = parts(x, k, t, normalOf(k), normalOf(x.add(k, t)));
  const r = quotient(times(x.subtract(total, x.of(ONE)), ONE), x.add(total, x.of(ONE)), (3n * ONE) / 2n + 8n);
  const p = quotient(times(above, ONE), total, ONE + 8n);
  const c = quotient(times(atZero, ONE), total, ONE + 8n);
  const log = logarithm(x, top, r);
  const b = x.of(budget);
  const upper = quotient(x.multiply(volatility, x.add(log, b)), t, t.high / 2n + 1n);
  return { upper, ...ends(x, { k, t, p, c, log, budget: b }) };
}

describe('the worst that all tolerances and quotients together allow', () => {
  const random = randomStream(5);
  const books = Array.from({ length: 600 }, (_, i) => {
    const s = BigInt(Math.round(2 ** (-4 + 16 * random.uniform()) * 2 ** 24));
    const k = i % 2 === 0 ? -(10 ** (3.6 * random.uniform())) : -8 + 11 * random.uniform();
    return {
      s,
      mean: BigInt(Math.round(k * Number(s))),
      budget: BigInt(Math.round(-Math.log(0.01) * 2 ** 24)),
    };
  }).filter(({ s, mean, budget }) => {
    const { value } = standardisedEvar(Number(mean) / Number(s), -Number(budget) * UNIT);
    return value * Number(s) >= SMALLEST_UPPER;
  });

  it('understates ρ + P_t by at most 5·10⁻⁴ of it: by 10⁻⁵ of it and 2.5 units', () => {
    let worst = 0;
    for (const { s, mean, budget } of books) {
      const exact = standardisedEvar(Number(mean) / Number(s), -Number(budget) * UNIT).value * Number(s);
      // The upper bound holds at any tilt; its rounding depends little on which: here at the optimal one.
      const { upper } = reachable(mean, s, budget);
      const understated = exact - Number(upper.low);
      expect(understated, `m ${mean}, s ${s}`).toBeLessThan(1e-5 * exact + 2.5);
      worst = Math.max(worst, understated / exact);
    }
    expect(worst).toBeLessThan(5e-4);
    expect(worst).toBeGreaterThan(1e-5);
  });

  it('understates the premium of a trade that adds a hundredth to ρ + P_t by at most 10⁻³ of it beyond 5 units', () => {
    for (const { s, mean, budget } of books.slice(0, 300)) {
      const more = (s * 103n) / 100n;
      const exact = (deviation: bigint) =>
        standardisedEvar(Number(mean) / Number(deviation), -Number(budget) * UNIT).value * Number(deviation);
      const premium = exact(more) - exact(s);
      if (premium < exact(s) / 100) continue;
      const least = reachable(mean, more, budget).upper.low - reachable(mean, s, budget).upper.high;
      expect(premium - Number(least), `m ${mean}, s ${s}`).toBeLessThan(1e-3 * premium + 5);
    }
  });

  it('moves h_s, and funding with it, by at most 10⁻³ where the tilt may be anything that its slack allows', () => {
    for (const { s, mean, budget } of books.slice(0, 300)) {
      const k = Number(mean) / Number(s);
      if (Math.abs(k) > 1000) continue;
      const exact = standardisedEvar(k, -Number(budget) * UNIT);
      const { slack, slope } = reachable(mean, s, budget, true);
      // The slack's range, and the part that rounding may hide, in entropy.
      const allowed = allowedEntropy(exact.tilt) + Number(slack.high - slack.low) * UNIT;
      let [near, far] = [0, 0.01];
      for (let i = 0; i < 60; i++) {
        const middle = (near + far) / 2;
        const missed = Math.abs(tilted(k, exact.tilt * (1 + middle)).entropy - Number(budget) * UNIT);
        if (missed < allowed) near = middle;
        else far = middle;
      }
      const moved = Math.abs(tilted(k, exact.tilt * (1 + far)).slope / exact.volatilitySlope - 1);
      const rounding = Number(slope.high - slope.low) * UNIT;
      expect(moved + rounding / exact.volatilitySlope, `m ${mean}, s ${s}`).toBeLessThan(
        1e-3 + (4 * UNIT) / exact.volatilitySlope,
      );
    }
  });

  it('understates the charge of a liquidation by at most 10⁻³ of it and 3·10⁻⁶ of the pool’s volatility and EVaR', () => {
    const random = randomStream(9);
    for (const { s, mean, budget } of books.slice(0, 200)) {
      const k = Number(mean) / Number(s);
      if (Math.abs(k) > 1000) continue;
      const s1 = s + BigInt(Math.round(Number(s) * 10 ** (-4 + 3.5 * random.uniform())));
      const value = (deviation: bigint) =>
        standardisedEvar(Number(mean) / Number(deviation), -Number(budget) * UNIT).value * Number(deviation);
      const exact = value(s1) - value(s);
      // above = min(upper1 − lower0, e1 (s1 − s0)), at tilts that may be anything that their slack allows.
      const before = standardisedEvar(k, -Number(budget) * UNIT);
      const lower0 = highestLower(mean, s, budget) + (Number(s) * allowedEntropy(before.tilt)) / before.tilt;
      const { upper } = reachable(mean, s1, budget);
      const after = standardisedEvar(Number(mean) / Number(s1), -Number(budget) * UNIT);
      const along = after.volatilitySlope * Number(s1 - s - 1n) * (1 - 1e-3);
      const least = Math.min(Number(upper.low) - lower0, along);
      expect(exact - least, `m ${mean}, s ${s}, s1 ${s1}`).toBeLessThan(
        1e-3 * exact + 3e-6 * (Number(s1) + value(s1)) + 10 + 2 * after.volatilitySlope,
      );
    }
  });
});

/** The largest lower bound that quotients allow at the optimal tilt, of a public s, in units. */
function highestLower(mean: bigint, s: bigint, budget: bigint): number {
  const { reach } = reachable(mean, s, budget, false, true);
  return Number((reach.high * s) >> 30n) + 1;
}

/** Largest distance of a tilt's entropy from the budget. */
const allowedEntropy = (tilt: number) => (64 + tilt * 16) * UNIT;

/** h_s and the entropy at any tilt, in float64. */
function tilted(k: number, t: number) {
  const logAbove = t * k + (t * t) / 2 + logNormalCdf(k + t);
  const M = Math.exp(logNormalCdf(-k)) + Math.exp(logAbove);
  const p = Math.exp(logAbove) / M;
  const c = Math.exp((-k * k) / 2) / Math.sqrt(2 * Math.PI) / M;
  return { slope: t * p + c, entropy: t * ((k + t) * p + c) - Math.log(M) };
}
