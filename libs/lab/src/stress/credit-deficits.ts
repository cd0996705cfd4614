import {
  largestDeficits,
  type MarginPosition,
  type PortfolioModel,
  type ScenarioDeficit,
  widestShock,
} from '#lib/margin';

/**
 * Debts that accounts could leave in each scenario of the risk parameters, C_k = Σ_a (−E_a − r_k·x_a)⁺, over r_k and 2·r_k: all accounts at
 * the same marks, where the exchange's own sums (`CreditExposure`) follow them account by account.
 */
export class CreditDeficits {
  /** of r_k at k, of 2·r_k at K + k */
  private readonly sums: Float64Array;
  private readonly losses: Float64Array;
  private readonly widest: Float64Array;

  constructor(private readonly model: PortfolioModel) {
    const K = model.scenarios.length;
    this.sums = new Float64Array(2 * K);
    this.losses = new Float64Array(K);
    this.widest = Float64Array.from({ length: model.n }, (_, i) => widestShock(model, i));
  }

  /** @param positions in markets of the model */
  add(equity: number, positions: readonly MarginPosition[]): void {
    const { model, losses, widest } = this;
    const { shocks, joint, alone, indexOf } = model;
    const K = losses.length;
    const held = positions.map(({ market, size, mark }) => ({
      index: indexOf.get(market)!,
      notional: size * mark,
    }));
    const reach = held.reduce((sum, { index, notional }) => sum + widest[index] * Math.abs(notional), 0);
    // Most accounts have more than they can lose.
    if (equity >= 2 * reach) return;
    losses.fill(0);
    for (const { index, notional } of held) {
      for (const k of joint) losses[k] -= shocks[index * K + k] * notional;
      for (const k of alone[index]) losses[k] -= shocks[index * K + k] * notional;
    }
    for (let k = 0; k < K; k++) {
      this.sums[k] += Math.max(0, losses[k] - equity);
      this.sums[K + k] += Math.max(0, 2 * losses[k] - equity);
    }
  }

  /** The largest C_k, the largest first. */
  worst(most: number): ScenarioDeficit[] {
    return largestDeficits(this.sums, this.model, most);
  }
}
