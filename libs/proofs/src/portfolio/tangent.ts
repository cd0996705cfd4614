import { InvalidInputError } from '#lib/errors';
import { SCALE_BITS } from '../field.js';
import { ceilingRoot, ONE } from '../fixed-point.js';

/**
 * Portfolio margin beside a plan's proof, in integers: an affine function of the fractions that is nowhere above the margin, and how far
 * below the margin it is at the plan. contracts/src/MarginTangent.sol computes the same to the last unit.
 *
 * With v = 1 − w, the remaining share of each position, and y = x∘v:
 *
 *     M(v) = φ(R) + Σ x_i²v_i²/(2D_i) + Σ F_i(|x_i|v_i),   R = max(√(e·vᵀQv), max_k −r_k·y, 0),   φ(R) = R + R²/B,  B = 2bK
 *     φ(R) ≥ p·R − B(p−1)²/4 for each p,   R ≥ Σ π_k R_k where Σπ ≤ 1,   √(e·uᵀQu) ≥ e·vᵀQu/√(e·vᵀQv)
 *
 * So M(u) ≥ constant + Σ slope_i·u_i for every u in the box: a proof of the linear statement with these slopes is one of the portfolio's.
 * All roundings lower the affine function and raise M. Money in units of 2^−24 of the account's unit, and of 2^−48 where it says so.
 */

/** Weights of the pieces of the loss: 2^−40, together at most one. */
export const WEIGHT_BITS = 40;

const BITS = BigInt(SCALE_BITS);
const WEIGHTS = BigInt(WEIGHT_BITS);

/** A position of the account, with its market's terms of the margin. */
export interface MarginPosition {
  /** |x_i| */
  readonly notional: bigint;
  /** 1 long, −1 short */
  readonly side: 1n | -1n;
  /** D_i; 0: closing does not move the price */
  readonly depth: bigint;
  /** marginal rates in units of 2^−24 from a notional on; the first from 0 on, thresholds and rates ascending */
  readonly tiers: readonly RateTier[];
  /** r_k in units of 2^−24, one a scenario */
  readonly shocks: readonly bigint[];
}

export interface RateTier {
  readonly above: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
}

export interface MarginTerms {
  readonly positions: readonly MarginPosition[];
  /** Q_ij, units of 2^−24 */
  readonly covariance: (i: number, j: number) => bigint;
  /** e, units of 2^−24; 0 without EVaR */
  readonly evarFactor: bigint;
  /** B; 0: losses never count as concentrated */
  readonly capacity: bigint;
}

/** Weights of the pieces of the loss, and of each position's rates, in the affine function. */
export interface TangentWeights {
  /** π of the EVaR, units of 2^−40 */
  readonly evar: bigint;
  readonly scenarios: readonly { readonly scenario: number; readonly weight: bigint }[];
  /** of each position the tier, and the share of the next one in units of 2^−24: at a threshold any rate between both is a slope */
  readonly tiers: readonly { readonly tier: number; readonly share: bigint }[];
}

export interface MarginTangent {
  /** margin relieved by closing all of a position */
  readonly relief: readonly bigint[];
  /** the affine function where nothing is closed */
  readonly whole: bigint;
  /** M(v) less the affine function at v, rounded up: not negative */
  readonly slack: bigint;
}

/**
 * The affine function for the remaining shares v, in units of 2^−24.
 *
 * @throws {InvalidInputError} for weights that add up to more than one, and for an unknown tier or scenario
 */
export function marginTangent(
  terms: MarginTerms,
  remaining: readonly bigint[],
  weights: TangentWeights,
): MarginTangent {
  const { positions, evarFactor, capacity } = terms;
  requireWeights(terms, weights);
  const { turned, evar, loss } = lossOf(terms, remaining);
  const rate = capacity === 0n ? ONE : ONE + (2n * loss) / capacity;
  const above = rate - ONE;
  // 2^−48 from here on: of the affine function its constant, of the margin its value.
  let constant = -ceiling(capacity * above * above, 2n + BITS);
  let margin = concentrated(loss, capacity);
  let value = 0n;
  const relief = positions.map((position, i) => {
    const { notional, side, depth, shocks } = position;
    const v = remaining[i];
    // 2^−88
    let along = 0n;
    for (const { scenario, weight } of weights.scenarios)
      along -= side * weight * shocks[scenario] * notional;
    // Quotients of negative numbers are cut toward 0: one unit less is below in any case.
    if (evar > 0n) along += (weights.evar * evarFactor * turned[i] * ONE) / evar - 1n;
    let slope = (rate * along) >> (WEIGHTS + 2n * BITS);
    if (depth > 0n) {
      const closing = closingCost(notional, v, depth);
      slope += (notional * notional * v) / (depth << BITS);
      constant -= closing;
      margin += closing;
    }
    const floor = rateAt(position, weights.tiers[i]);
    slope += (floor.rate * notional) >> (2n * BITS);
    constant += floor.constant >> BITS;
    margin += ceiling(tiered(position, notional * v, 'initial'), BITS);
    value += slope * v;
    return slope;
  });
  return {
    relief,
    whole: (constant >> BITS) + relief.reduce((sum, slope) => sum + slope, 0n),
    slack: ceiling(margin - constant - value, BITS),
  };
}

/** M_½ of the whole account, rounded up. */
export function maintenanceMargin(terms: MarginTerms): bigint {
  const all = terms.positions.map(() => ONE);
  let margin = concentrated((lossOf(terms, all).loss + 1n) / 2n, terms.capacity);
  for (const position of terms.positions) {
    if (position.depth > 0n) margin += closingCost(position.notional, ONE, position.depth);
    margin += ceiling(tiered(position, position.notional << BITS, 'maintenance'), BITS);
  }
  return ceiling(margin, BITS);
}

/** R of the remaining positions, rounded up, its EVaR, and Qv: units of 2^−48. */
export function lossOf(
  { positions, covariance, evarFactor }: MarginTerms,
  remaining: readonly bigint[],
): {
  readonly turned: readonly bigint[];
  readonly evar: bigint;
  readonly loss: bigint;
  readonly scenarios: readonly bigint[];
} {
  const turned = positions.map((_, i) => remaining.reduce((sum, v, j) => sum + covariance(i, j) * v, 0n));
  const variance = turned.reduce((sum, value, i) => sum + value * remaining[i], 0n);
  const evar = evarFactor > 0n && variance > 0n ? ceilingRoot(evarFactor * variance) : 0n;
  const scenarios = (positions[0]?.shocks ?? []).map((_, k) =>
    positions.reduce(
      (sum, { notional, side, shocks }, i) => sum - side * shocks[k] * notional * remaining[i],
      0n,
    ),
  );
  const worst = scenarios.reduce((most, lost) => (lost > most ? lost : most), 0n);
  const loss = ceiling(worst, BITS);
  return { turned, evar, loss: evar > loss ? evar : loss, scenarios };
}

/** φ(R), 2^−48, rounded up. */
function concentrated(loss: bigint, capacity: bigint): bigint {
  return capacity === 0n ? loss : loss + quotientUp(loss * loss, capacity << BITS);
}

/** x²v²/(2D), 2^−48, rounded up. */
function closingCost(notional: bigint, v: bigint, depth: bigint): bigint {
  return quotientUp(notional * notional * v * v, depth << (BITS + 1n));
}

/** F(z) of a notional in units of 2^−48: 2^−72. */
function tiered({ tiers }: MarginPosition, z: bigint, level: 'initial' | 'maintenance'): bigint {
  let margin = 0n;
  tiers.forEach((tier, j) => {
    const over = z - (tier.above << BITS);
    if (over > 0n) margin += (tier[level] - (j === 0 ? 0n : tiers[j - 1][level])) * over;
  });
  return margin;
}

/** A line below F: rate in units of 2^−48, its value at 0 in units of 2^−72. */
function rateAt(
  { tiers }: MarginPosition,
  { tier, share }: TangentWeights['tiers'][number],
): { readonly rate: bigint; readonly constant: bigint } {
  let rate = 0n;
  let constant = 0n;
  for (let j = 0; j <= tier + 1 && j < tiers.length; j++) {
    const step = (tiers[j].initial - (j === 0 ? 0n : tiers[j - 1].initial)) * (j > tier ? share : ONE);
    rate += step;
    constant -= step * tiers[j].above;
  }
  return { rate, constant };
}

function requireWeights({ positions }: MarginTerms, { evar, scenarios, tiers }: TangentWeights): void {
  const known = positions[0]?.shocks.length ?? 0;
  let sum = evar;
  const require = (holds: boolean, what: string) => {
    if (!holds) throw new InvalidInputError('weights', what);
  };
  require(evar >= 0n, `the EVaR’s weight ${evar} is negative`);
  for (const { scenario, weight } of scenarios) {
    require(scenario >= 0 && scenario < known, `there is no scenario ${scenario}`);
    require(weight >= 0n, `the weight ${weight} of scenario ${scenario} is negative`);
    sum += weight;
  }
  require(sum <= 1n << WEIGHTS, `they add up to ${sum}, more than one`);
  require(tiers.length === positions.length, 'there must be one tier a position');
  tiers.forEach(({ tier, share }, i) => {
    const last = positions[i].tiers.length - 1;
    require(tier >= 0 &&
      tier <= last &&
      share >= 0n &&
      share <=
        (tier === last ? 0n : ONE), `position ${i} has no rate at tier ${tier} and a share of ${share}`);
  });
}

/** ⌈value/2^bits⌉ */
function ceiling(value: bigint, bits: bigint): bigint {
  return -(-value >> bits);
}

/** ⌈a/b⌉ of a ≥ 0, b > 0 */
function quotientUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}
