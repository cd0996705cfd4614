import { InvalidInputError } from '#lib/errors';
import type { PortfolioModel } from './parameters.js';
import { tieredMargin } from './tiers.js';

/** Positions up to which they are compared in pairs. */
const FEW = 16;

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

/** √(xᵀΣ_h x): standard deviation of the portfolio over the margin's horizon, money. @throws as {@link marginTerms} */
export function deviationOf(model: PortfolioModel, positions: readonly SignedNotional[]): number {
  return Math.sqrt(Math.max(varianceOf(model, positions, indicesOf(model, positions)), 0));
}

function varianceOf(
  { n, covariance }: PortfolioModel,
  positions: readonly SignedNotional[],
  at: readonly number[],
): number {
  let variance = 0;
  for (let i = 0; i < positions.length; i++)
    for (let j = 0; j < positions.length; j++)
      variance += positions[i].notional * covariance[at[i] * n + at[j]] * positions[j].notional;
  return variance;
}

/**
 * Both margins, without their terms, as a trade's decision needs them. R is looked for once.
 *
 * @throws {InvalidInputError} as {@link marginTerms}
 */
export function bothMargins(
  model: PortfolioModel,
  positions: readonly SignedNotional[],
): { readonly initial: number; readonly maintenance: number } {
  const at = indicesOf(model, positions);
  const loss = largestLoss(model, positions, at);
  const { closingRate, concentrationRate, markets } = model;
  let closing = 0;
  let initial = 0;
  let maintenance = 0;
  for (let i = 0; i < positions.length; i++) {
    const { notional } = positions[i];
    closing += closingRate[at[i]] * notional * notional;
    initial += tieredMargin(Math.abs(notional), markets[at[i]].initial);
    maintenance += tieredMargin(Math.abs(notional), markets[at[i]].maintenance);
  }
  const half = 0.5 * loss;
  return {
    initial: loss + concentrationRate * loss * loss + closing + initial,
    maintenance: half + concentrationRate * half * half + closing + maintenance,
  };
}

/** R and the piece that attains it. */
function worstLoss(
  model: PortfolioModel,
  positions: readonly SignedNotional[],
  at: readonly number[],
): { loss: number; worst: string } {
  const { evarMultiple, scenarios, shocks } = model;
  let loss = 0;
  let worst = 'none';
  if (evarMultiple > 0) {
    const evar = evarMultiple * Math.sqrt(Math.max(varianceOf(model, positions, at), 0));
    if (evar > loss) [loss, worst] = [evar, 'evar'];
  }
  for (let k = 0; k < scenarios.length; k++) {
    let lost = 0;
    for (let i = 0; i < positions.length; i++)
      lost -= shocks[at[i] * scenarios.length + k] * positions[i].notional;
    if (lost > loss) [loss, worst] = [lost, scenarios[k].name];
  }
  return { loss, worst };
}

/** R alone, of the scenarios that move one of the positions' markets: {@link worstLoss} to the bit. */
function largestLoss(
  model: PortfolioModel,
  positions: readonly SignedNotional[],
  at: readonly number[],
): number {
  const { evarMultiple, shocks, joint, alone } = model;
  const K = model.scenarios.length;
  let loss = 0;
  if (evarMultiple > 0) {
    const evar = evarMultiple * Math.sqrt(Math.max(varianceOf(model, positions, at), 0));
    if (evar > loss) loss = evar;
  }
  for (const k of joint) {
    let lost = 0;
    for (let i = 0; i < positions.length; i++) lost -= shocks[at[i] * K + k] * positions[i].notional;
    if (lost > loss) loss = lost;
  }
  for (let i = 0; i < positions.length; i++) {
    for (const k of alone[at[i]]) {
      const lost = -(shocks[at[i] * K + k] * positions[i].notional);
      if (lost > loss) loss = lost;
    }
  }
  return loss;
}

function indicesOf(model: PortfolioModel, positions: readonly SignedNotional[]): number[] {
  const at: number[] = [];
  // Few positions are compared with each other faster than they are put into a set.
  const seen = positions.length > FEW ? new Set<number>() : undefined;
  for (let i = 0; i < positions.length; i++) {
    const { market, notional } = positions[i];
    const index = model.indexOf.get(market);
    if (index === undefined)
      throw new InvalidInputError(`positions[${i}].market`, `has no margin parameters: ${market}`);
    if (seen === undefined ? at.includes(index) : seen.has(index))
      throw new InvalidInputError(`positions[${i}].market`, `is there twice: ${market}`);
    seen?.add(index);
    if (!Number.isFinite(notional))
      throw new InvalidInputError(`positions[${i}].notional`, `must be finite, got ${notional}`);
    at.push(index);
  }
  return at;
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
