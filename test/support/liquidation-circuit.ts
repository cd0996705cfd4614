import type { CircuitInputs } from '#lib/proofs';
import { dot, positive, shifted } from './circuit-integers.js';

/** A sandwich's public and private values, as the circuit of `liquidation` has them for one state. */
interface State {
  readonly t: bigint;
  readonly p: bigint;
  readonly c: bigint;
  readonly upper: bigint;
  readonly lower: bigint;
  readonly slope: bigint;
}

/** The result of the circuit `liquidation`, with integers: circuits/zkcircuits/liquidation.py. */
export function evaluatedLiquidation(rows: CircuitInputs) {
  const [a, d, , , w, [b, , s0, , weight, linear, risk], witness] = rows;
  const s1 = witness[32];
  const y = witness.slice(16, 32);
  const state = (at: number, s: bigint): State => {
    const [k, t, p, c, upper] = [0, 2, 4, 6, 8].map((first) => witness[first + at]);
    const reach = shifted((k + t) * p, 32) + (c << 6n);
    return { t, p, c, upper, lower: shifted(s * reach, 30), slope: shifted(t * p, 38) + c };
  };
  const [before, after] = [state(0, s0), state(1, s1)];
  const along = [before, after].map(({ slope }) => shifted(slope * (s1 - s0), 24));
  const least = (x: bigint, z: bigint) => x - positive(x - z);
  const above = least(after.upper - before.lower, along[1]);
  const below = after.lower - before.upper;
  const belowTighter = below + positive(along[0] - below);
  const charge = positive(above);
  const constant = b + belowTighter - shifted(after.slope * shifted(dot(y, w), 24), 24);
  const negative = y.reduce((sum, direction, i) => {
    const gradient = shifted(after.slope * direction, 24) - d[i];
    return sum + positive(-shifted(weight * a[i] + risk * gradient - linear * d[i], 24));
  }, 0n);
  return {
    proves: weight === 0n ? ('infeasibility' as const) : ('optimality' as const),
    relief: d.reduce((sum, value) => sum + value, 0n),
    objective: shifted(dot(a, w), 24),
    excess: b - shifted(dot(d, w), 24) + charge,
    charge,
    bound: shifted(linear * b + risk * constant, 24) - negative,
  };
}
