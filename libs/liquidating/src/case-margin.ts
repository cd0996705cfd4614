import type { LiquidationCase, LiquidationPosition } from '#lib/liquidation';
import type { PortfolioModel, Scenario, Tier } from '#lib/margin';

/** A position without its market's requirements. */
export type AccountPosition = Pick<LiquidationPosition, 'market' | 'size' | 'price' | 'entryNotional'>;

/**
 * An account's positions with their margin, as a liquidation program has it: of the model only the parts that concern these positions.
 * Scenarios that move none, or that move them as another one does, are left out.
 */
export function caseMargin(
  model: PortfolioModel,
  positions: readonly AccountPosition[],
  portfolio: boolean,
): Pick<LiquidationCase, 'positions' | 'portfolio'> {
  const at = positions.map(({ market }) => model.indexOf.get(market)!);
  const { n, markets, scenarios, shocks, covariance } = model;
  const open = positions.map((position, i): LiquidationPosition => {
    const { initial, maintenance, depth } = markets[at[i]];
    const tiers = jointTiers(initial, maintenance);
    return {
      ...position,
      maintenanceRate: maintenance[0].rate,
      initialRate: initial[0].rate,
      ...(tiers.length > 0 ? { tiers } : {}),
      ...(depth === null ? {} : { depth }),
    };
  });
  if (!portfolio) return { positions: open };
  const met = new Map<string, Scenario>();
  for (let k = 0; k < scenarios.length; k++) {
    // Most scenarios move other markets.
    if (!at.some((i) => shocks[i * scenarios.length + k] !== 0)) continue;
    const moves = at.map((i) => shocks[i * scenarios.length + k]);
    const key = moves.join();
    if (!met.has(key)) met.set(key, { name: scenarios[k].name, shocks: moves });
  }
  return {
    positions: open,
    portfolio: {
      alpha: model.tailProbability,
      covariance: at.flatMap((i) => at.map((j) => covariance[i * n + j])),
      scenarios: [...met.values()],
      absorbable: model.concentrationRate === 0 ? null : 1 / (2 * model.concentrationRate),
    },
  };
}

/** Both rates from each notional on at which one changes, beyond the first. */
export function jointTiers(
  initial: readonly Tier[],
  maintenance: readonly Tier[],
): NonNullable<LiquidationPosition['tiers']> {
  const rateAt = (tiers: readonly Tier[], notional: number) =>
    tiers.findLast(({ above }) => above <= notional)!.rate;
  const thresholds = new Set([...initial, ...maintenance].map(({ above }) => above));
  return [...thresholds]
    .filter((above) => above > 0)
    .sort((a, b) => a - b)
    .map((above) => ({
      above,
      maintenanceRate: rateAt(maintenance, above),
      initialRate: rateAt(initial, above),
    }));
}
