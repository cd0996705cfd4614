import type { LiquidationOutcome, LiquidationPlan } from '#lib/liquidation';

/** Money and sizes that are booked are decimal strings; figures of risk and margin are numbers. */
export type Decimal = string;

export interface Leg {
  readonly market: string;
  /** signed, base units; positive buys */
  readonly size: Decimal;
}

export interface Quote {
  readonly id: string;
  readonly account: string;
  readonly legs: readonly (Leg & { readonly mark: Decimal })[];
  readonly premium: { readonly risk: Decimal; readonly liquidity: Decimal; readonly total: Decimal };
  readonly risk: { readonly before: number; readonly after: number };
  /** funding of each market after the trade, over all positions, per year */
  readonly fundingQuoteCurrencyPerYear: Readonly<Record<string, number>>;
  readonly forecastId: string;
  readonly marketTime: string;
  readonly expiresAt: string;
  /** with it any process of the exchange accepts the quote */
  readonly token?: string;
}

export interface BookedTrade {
  readonly tradeId: string;
  readonly quoteId: string | null;
  readonly account: string;
  readonly bookedAt: string;
  readonly legs: readonly (Leg & { readonly price: Decimal })[];
  readonly premium: Quote['premium'];
}

/** A margin by term; `total` is their sum. */
export interface MarginTerms {
  /** the portfolio's loss, and its scenario */
  readonly risk: number;
  readonly worst: string;
  readonly concentration: number;
  readonly closing: number;
  /** rates on the notionals, whatever the hedges */
  readonly floor: number;
  readonly total: number;
}

export interface Margin {
  readonly equity: number;
  readonly collateral: number;
  readonly unrealisedPnl: number;
  readonly notional: number;
  readonly maintenanceMargin: number;
  readonly initialMargin: number;
  readonly marginRatio: number | null;
  readonly available: number;
  readonly liquidatable: boolean;
  readonly terms: { readonly initial: MarginTerms; readonly maintenance: MarginTerms };
  readonly positions: readonly {
    readonly market: string;
    readonly size: number;
    readonly entryPrice: number;
    readonly mark: number;
    readonly unrealisedPnl: number;
    readonly liquidationPrice: number | null;
  }[];
}

export interface Account {
  readonly account: string;
  readonly marketTime: string;
  readonly cash: Decimal;
  /** exposure to losses past the pool, which gains bear pro rata */
  readonly losses: {
    /** won in the last day */
    readonly gain: Decimal;
    /** η: the share of every gain that a loss past the pool would take now; 0 while there is none */
    readonly haircut: number;
    /** the account's loss by that */
    readonly wouldBeCut: Decimal;
    readonly notes: { readonly outstanding: Decimal; readonly claimable: Decimal };
    readonly creditPerHour: Decimal;
  };
  /** notional of positions that liquidators may pass to the account, and by how much the prices must be better than the marks */
  readonly takeovers: { readonly notional: Decimal; readonly discount: number };
  readonly cross: Margin;
  readonly isolated: readonly (Margin & { readonly market: string })[];
}

export interface Simulation extends Margin {
  readonly premium: { readonly risk: Decimal; readonly liquidity: Decimal } | null;
  readonly accepted: boolean;
}

/** Outcome of a command of an account. */
export interface AccountOutcome {
  readonly kind: string;
  readonly commandId: string;
  readonly at: string;
}

/** Outcome of a deposit, withdrawal or transfer. */
export interface AccountEvent extends AccountOutcome {
  readonly amount: Decimal;
}

export type LiquidationStatus =
  'open' | 'executed' | 'partially-executed' | 'expired' | 'superseded' | 'refused';

export interface Liquidation {
  readonly planId: string;
  readonly ordinal: number;
  readonly account: string;
  readonly status: LiquidationStatus;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly outcome: LiquidationOutcome;
  readonly method: string | null;
  readonly gap: number | null;
  readonly closedNotional: Decimal;
  readonly notional: Decimal;
  readonly shortfall: Decimal;
}

export interface LiquidationDetail extends Liquidation {
  readonly expiresAt: string;
  readonly orders: readonly Leg[];
  /** of the case's positions, as the books have them */
  readonly sizes: readonly Decimal[];
  readonly plan: LiquidationPlan;
  /** offers are sealed: their number is shown */
  readonly race: {
    readonly endsAt: string;
    readonly offers: number;
    readonly claim: { readonly liquidator: string; readonly until: string } | null;
  };
}

export interface PlanOpened {
  readonly kind: 'opened';
  readonly planId: string;
  readonly account: string;
  /** market time, milliseconds */
  readonly at: number;
  readonly expiresAt: number;
  /** trade that closes the plan's fractions */
  readonly orders: readonly Leg[];
  readonly sizes?: readonly Decimal[];
  /** market time until which offers compete */
  readonly raceEndsAt?: number;
  readonly plan: LiquidationPlan;
}

/** The winner of a race has claimed the plan: its fills with their prices are awaited. */
export interface PlanClaimed {
  readonly kind: 'claimed';
  readonly planId: string;
  readonly account: string;
  readonly at: number;
  readonly liquidator: string;
  readonly penaltyRate: number;
  readonly until: number;
}

export interface PlanClosed {
  readonly kind: 'closed';
  readonly planId: string;
  readonly account: string;
  readonly at: number;
  readonly status: Exclude<LiquidationStatus, 'open'>;
  readonly reason: string;
}

export interface Execution {
  /** makes a retry safe */
  readonly reportId?: string;
  readonly liquidator: string;
  readonly status: 'full' | 'partial' | 'expired';
  /** closed sizes, where only a part was closed; with prices the liquidator's own account takes the positions over */
  readonly fills?: readonly (Leg & { readonly price?: Decimal })[];
  /** a bid: at most the plan's rate, the lowest of a race wins */
  readonly penaltyRate?: number;
  /** of the liquidator's own solver, see {@link solutionOf} */
  readonly solution?: Solution;
  /** the fills with their prices follow within five seconds of winning */
  readonly claims?: boolean;
}

/** An own answer to a published case, at the bid's rate. */
export interface Solution {
  /** of the case that was published */
  readonly caseDigest: string;
  readonly fractions: readonly number[];
  /** equity kept for the liquidity premium of the trade */
  readonly reserved: number;
  readonly certificate: NonNullable<LiquidationPlan['certificate']>;
}

/**
 * The part of an own plan that is sent as an answer to a published one.
 *
 * @param plan of the published case with the bid's `penaltyRate`; not of a healthy account
 */
export function solutionOf(published: LiquidationPlan, plan: LiquidationPlan): Solution {
  const { certificate, fractions } = plan;
  if (certificate === null) throw new TypeError('the plan of a healthy account has no certificate');
  return { caseDigest: published.caseDigest, fractions, reserved: plan.case.reserved ?? 0, certificate };
}

/** Rows of a series, in the order of `columns`; `at` is the beginning of the step, milliseconds since the epoch. */
export interface History {
  readonly series: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface Status {
  readonly status: 'operational' | 'degraded';
  readonly since: string;
  readonly checks: Readonly<Record<string, boolean>>;
  readonly [fact: string]: unknown;
}
