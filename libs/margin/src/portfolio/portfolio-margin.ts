import { InvalidInputError } from '#lib/errors';
import type { PortfolioModel } from './parameters.js';
import { tieredMargin } from './tiers.js';

export type MarginLevel = 'initial' | 'maintenance';

/** Signed notional x_i = q_i·S_i in one market, money. */
export interface SignedNotional {
  readonly market: string;
  readonly notional: number;
}

/** The margin of a portfolio by term, money; `total` is their sum. */
export interface MarginTerms {
  /** tR: the portfolio's loss, t = 1 for the initial and ½ for the maintenance margin */
  readonly risk: number;
  /** the piece that attains R: `evar`, the name of a scenario, or `none` where R = 0 */
  readonly worst: string;
  /** (tR)²/(2bK): a loss that is large beside the pool counts more */
  readonly concentration: number;
  /** A = Σ x²/(2D): cost of closing into depth */
  readonly closing: number;
  /** Σ f_i|x_i| by tiers, whatever the hedges */
  readonly floor: number;
  readonly total: number;
}

/**
 * M_t(x) = φ(tR) + A + F_t with φ(r) = r + r²/(2bK), R = max(2κ·√(xᵀΣ_h x), max_k −r_k·x, 0): convex in x.
 * EVaR plus the stress above it is the larger of the two, and the larger of convex functions is convex.
 *
 * @param positions at most one a market
 * @throws {InvalidInputError} for a market without parameters, one that comes twice, a notional that is not finite
 */
export function marginTerms(
  model: PortfolioModel,
  positions: readonly SignedNotional[],
  level: MarginLevel,
): MarginTerms {
  const t = level === 'initial' ? 1 : 0.5;
  const at = indicesOf(model, positions);
  const { loss, worst } = worstLoss(model, positions, at);
  let closing = 0;
  let floor = 0;
  positions.forEach(({ notional }, i) => {
    closing += model.closingRate[at[i]] * notional * notional;
    floor += tieredMargin(Math.abs(notional), model.markets[at[i]][level]);
  });
  const risk = t * loss;
  const concentration = model.concentrationRate * risk * risk;
  return { risk, worst, concentration, closing, floor, total: risk + concentration + closing + floor };
}

/** R and the piece that attains it. */
function worstLoss(
  { n, evarMultiple, covariance, scenarios, shocks }: PortfolioModel,
  positions: readonly SignedNotional[],
  at: readonly number[],
): { loss: number; worst: string } {
  let loss = 0;
  let worst = 'none';
  if (evarMultiple > 0) {
    let variance = 0;
    positions.forEach((one, i) => {
      positions.forEach((other, j) => {
        variance += one.notional * covariance[at[i] * n + at[j]] * other.notional;
      });
    });
    const evar = evarMultiple * Math.sqrt(Math.max(variance, 0));
    if (evar > loss) [loss, worst] = [evar, 'evar'];
  }
  scenarios.forEach(({ name }, k) => {
    let lost = 0;
    positions.forEach(({ notional }, i) => (lost -= shocks[at[i] * scenarios.length + k] * notional));
    if (lost > loss) [loss, worst] = [lost, name];
  });
  return { loss, worst };
}

function indicesOf(model: PortfolioModel, positions: readonly SignedNotional[]): number[] {
  const seen = new Set<string>();
  return positions.map(({ market, notional }, i) => {
    const index = model.indexOf.get(market);
    if (index === undefined)
      throw new InvalidInputError(`positions[${i}].market`, `has no margin parameters: ${market}`);
    if (seen.has(market)) throw new InvalidInputError(`positions[${i}].market`, `is there twice: ${market}`);
    seen.add(market);
    if (!Number.isFinite(notional))
      throw new InvalidInputError(`positions[${i}].notional`, `must be finite, got ${notional}`);
    return index;
  });
}

/**
 * Whether a trade may be taken whatever the margin: it does not raise the deficit (M − E)⁺. A trade that makes each
 * position smaller may close a hedge and raise it.
 */
export function doesNotRaiseDeficit(
  before: { readonly margin: number; readonly equity: number },
  after: { readonly margin: number; readonly equity: number },
): boolean {
  return Math.max(after.margin - after.equity, 0) <= Math.max(before.margin - before.equity, 0);
}
