import type { MarginLevel } from '#lib/margin';
import type { Holdings } from './account-table.js';

/** How a liquidation closes an account. */
export type LiquidationStyle =
  /** everything at once */
  | 'full'
  /** each position down to the next lower tier; at the lowest tier everything */
  | 'by-tier'
  /** whole positions, the largest first, until the maintenance margin is there */
  | 'by-position'
  /** tenths of all positions, until the maintenance margin is there */
  | 'by-tenths';

/** A market as rules see it: notionals in money. */
export interface MarketLoad {
  /** larger of Σ long and Σ short of the traders */
  readonly openInterest: number;
  /** traders' longs less their shorts */
  readonly skew: number;
}

/** An exchange's rules that are not ours: margin, execution, funding, liquidation, who pays the rest. */
export interface ConventionalRules {
  readonly name: string;
  /** thresholds of tiers of notional, ascending, for liquidations by tier */
  readonly tiers: readonly number[];
  readonly style: LiquidationStyle;
  /** no maintenance margin is above this share of the gross notional: accounts with more are passed over */
  readonly mostMaintenance: number;
  /** of closed notional, from the account's remaining equity, to the insurance fund */
  readonly liquidationFee: number;
  /** of traded notional, to the exchange */
  readonly takerFee: number;
  /** losses past the insurance fund: by ranked auto-deleveraging, or by the providers of liquidity */
  readonly backstop: 'deleveraging' | 'liquidity';
  /** Margin of an account, money. The maintenance margin depends on its positions alone: markets' loads raise the initial one. */
  margin(held: Holdings, level: MarginLevel, load: (market: number) => MarketLoad): number;
  /** Loss of a trade of signed notional d against the mark, as a share of |d|; negative where it gains. */
  impact(d: number, load: MarketLoad): number;
  /** Funding that longs pay a year, as a share of notional. @param elapsedYears since the last time, for rates that move */
  funding(market: number, load: MarketLoad, elapsedYears: number): number;
}
