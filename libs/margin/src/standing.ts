import type { MarginSchedule } from './margin-rates.js';

/** An open position as margin sees it; money and sizes as float64. */
export interface MarginPosition {
  readonly market: string;
  /** signed, base units */
  readonly size: number;
  /** signed Σ size × entry price */
  readonly entryNotional: number;
  /** S */
  readonly mark: number;
}

/** Equity and margins of a margin account at mark, money. */
export interface MarginStanding {
  /** collateral + Σ (size·S − entry notional) */
  readonly equity: number;
  readonly unrealisedPnl: number;
  readonly notional: number;
  readonly maintenanceMargin: number;
  readonly initialMargin: number;
  /** equity over notional; null without positions */
  readonly marginRatio: number | null;
  /** equity above the initial margin, free to withdraw or use */
  readonly available: number;
  readonly liquidatable: boolean;
}

/** @param collateral cash less funding owed, money */
export function standing(
  collateral: number,
  positions: readonly MarginPosition[],
  rates: MarginSchedule,
): MarginStanding {
  let unrealisedPnl = 0;
  let notional = 0;
  let maintenanceMargin = 0;
  let initialMargin = 0;
  for (const { market, size, entryNotional, mark } of positions) {
    const value = Math.abs(size) * mark;
    const { maintenance, initial } = rates.of(market);
    unrealisedPnl += size * mark - entryNotional;
    notional += value;
    maintenanceMargin += maintenance * value;
    initialMargin += initial * value;
  }
  const equity = collateral + unrealisedPnl;
  return {
    equity,
    unrealisedPnl,
    notional,
    maintenanceMargin,
    initialMargin,
    marginRatio: notional > 0 ? equity / notional : null,
    available: equity - initialMargin,
    liquidatable: positions.length > 0 && equity < maintenanceMargin,
  };
}

/**
 * The mark of one market at which the account's equity meets its maintenance margin, all others unchanged: with
 * E + q(S−S₀) = M + r|q|(S−S₀), S = S₀ − (E−M)/(q − r|q|). Null where no positive price does.
 */
export function liquidationPrice(
  { equity, maintenanceMargin }: Pick<MarginStanding, 'equity' | 'maintenanceMargin'>,
  { market, size, mark }: MarginPosition,
  rates: MarginSchedule,
): number | null {
  const slope = size - rates.of(market).maintenance * Math.abs(size);
  if (slope === 0) return null;
  const price = mark - (equity - maintenanceMargin) / slope;
  return price > 0 ? price : null;
}
