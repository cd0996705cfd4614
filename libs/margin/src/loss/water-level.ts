import { InvalidInputError } from '#lib/errors';

/** min(level·w, cap) in one market: level is `numerator/denominator`. */
export interface WaterLevel {
  readonly kept: readonly bigint[];
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/**
 * Water-filling in one market: everybody keeps min(ℓ·w_a, cap_a), with ℓ such that exactly `total` is kept. Whatever has the
 * most leverage is closed most, nobody is closed whole before others are touched. Exact: fractions of a unit are rounded on
 * the cumulative sum, as in the haircut.
 *
 * @param weights w_a > 0, equity
 * @param caps |x_a| ≥ 0, sizes
 * @throws {InvalidInputError} where more is to be kept than there is
 */
export function waterLevel(weights: readonly bigint[], caps: readonly bigint[], total: bigint): WaterLevel {
  const n = weights.length;
  if (caps.length !== n) throw new InvalidInputError('caps', `must have ${n} entries, got ${caps.length}`);
  weights.forEach((weight, a) => {
    if (weight <= 0n) throw new InvalidInputError(`weights[${a}]`, `must be positive, got ${weight}`);
    if (caps[a] < 0n) throw new InvalidInputError(`caps[${a}]`, `must not be negative, got ${caps[a]}`);
  });
  const sum = caps.reduce((all, cap) => all + cap, 0n);
  if (total < 0n || total > sum)
    throw new InvalidInputError('total', `must be from 0 to ${sum}, got ${total}`);
  // By cap/weight ascending: the first ones keep all they have.
  const ratios = Float64Array.from(caps, (cap, a) => Number(cap) / Number(weights[a]));
  const order = Array.from({ length: n }, (_, a) => a).sort((a, b) => {
    const apart = ratios[a] - ratios[b];
    if (Math.abs(apart) > 1e-12 * ratios[a]) return apart;
    const difference = caps[a] * weights[b] - caps[b] * weights[a];
    return difference < 0n ? -1 : difference > 0n ? 1 : a - b;
  });
  let numerator = total;
  let denominator = weights.reduce((all, weight) => all + weight, 0n);
  const whole = new Set<number>();
  for (const a of order) {
    if (caps[a] * denominator > numerator * weights[a]) break;
    whole.add(a);
    numerator -= caps[a];
    denominator -= weights[a];
  }
  let below = 0n;
  let kept = 0n;
  return {
    kept: caps.map((cap, a) => {
      if (whole.has(a)) return cap;
      below += weights[a];
      const upTo = (numerator * below) / denominator;
      const own = upTo - kept;
      kept = upTo;
      return own;
    }),
    numerator,
    denominator,
  };
}
