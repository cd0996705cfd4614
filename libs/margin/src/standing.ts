import type { MarginSchedule } from './margin-rates.js';
import type { PortfolioModel } from './portfolio/parameters.js';
import { bothMargins, type SignedNotional } from './portfolio/portfolio-margin.js';

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

/**
 * @param collateral cash less funding owed, money
 * @param model the margin that is asked for
 * @throws {InvalidInputError} for a market the model does not have
 */
export function standing(
  collateral: number,
  positions: readonly MarginPosition[],
  model: PortfolioModel,
): MarginStanding {
  let unrealisedPnl = 0;
  let notional = 0;
  const x: SignedNotional[] = [];
  for (const { market, size, entryNotional, mark } of positions) {
    const value = size * mark;
    unrealisedPnl += value - entryNotional;
    notional += Math.abs(value);
    x.push({ market, notional: value });
  }
  const { initial: initialMargin, maintenance: maintenanceMargin } = bothMargins(model, x);
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

/** The equity of {@link standing} alone, the same to the bit. */
export function equityOf(collateral: number, positions: readonly MarginPosition[]): number {
  let unrealisedPnl = 0;
  for (const { size, entryNotional, mark } of positions) unrealisedPnl += size * mark - entryNotional;
  return collateral + unrealisedPnl;
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

/** Prices beyond are no prices of anybody's concern: a millionth and a million times the mark. */
const FURTHEST = 1e6;

/**
 * As {@link liquidationPrice}, by any margin: E − M is concave in a mark, so that the first price at which it changes sign on the
 * way to where the position loses (or, for an account that is below its margin, gains) is found by bisection, to 12 digits.
 */
export function portfolioLiquidationPrice(
  collateral: number,
  positions: readonly MarginPosition[],
  market: string,
  model: PortfolioModel,
): number | null {
  const own = positions.find((position) => position.market === market);
  if (own === undefined) return null;
  const excessAt = (mark: number) => {
    const moved = positions.map((position) => (position === own ? { ...own, mark } : position));
    const { equity, maintenanceMargin } = standing(collateral, moved, model);
    return equity - maintenanceMargin;
  };
  const healthy = excessAt(own.mark) >= 0;
  const down = own.size > 0 === healthy;
  let [inside, outside] = [own.mark, NaN];
  for (let factor = down ? 0.5 : 2; factor >= 1 / FURTHEST && factor <= FURTHEST; factor *= down ? 0.5 : 2) {
    const mark = own.mark * factor;
    if (excessAt(mark) >= 0 !== healthy) {
      outside = mark;
      break;
    }
    inside = mark;
  }
  if (Number.isNaN(outside)) return null;
  for (let i = 0; i < 100 && Math.abs(outside - inside) > 1e-12 * inside; i++) {
    const middle = 0.5 * (inside + outside);
    if (excessAt(middle) >= 0 === healthy) inside = middle;
    else outside = middle;
  }
  return inside;
}
