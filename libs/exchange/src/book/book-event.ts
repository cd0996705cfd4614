import type { RiskParameters } from '#lib/messages';

/**
 * What happened to the exchange's book, with every amount decided. State is a fold over these and nothing else,
 * so that the same events give the same books anywhere. Amounts are decimal strings.
 */
export type BookEvent =
  | TradeBooked
  | TradeRejected
  | DustClosed
  | FundingAccrued
  | Vested
  | LiquidityAsked
  | LiquidityDeposited
  | WithdrawalLocked
  | LiquidityWithdrawn
  | LiquidityValued
  | LiquidityRejected
  | AccountDeposited
  | AccountWithdrawn
  | CollateralMoved
  | AccountRejected
  | BankruptcySettled
  | CreditCharged
  | ParametersSet
  | ParametersRejected;

interface Happened {
  /** market time, milliseconds since the epoch */
  readonly at: number;
  /** of the command that was decided, where one was: what it said */
  readonly digest?: string;
}

export interface BookedLeg {
  readonly market: string;
  readonly size: string;
  readonly price: string;
}

export interface TradeBooked extends Happened {
  readonly kind: 'trade-booked';
  readonly tradeId: string;
  readonly account: string;
  readonly legs: readonly BookedLeg[];
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  readonly forecastId: string;
  readonly quoteId: string | null;
  /** the liquidation plan it executes, where it does */
  readonly planId?: string;
  /** of a liquidation: charged on what was closed, to the pool */
  readonly penalty?: string;
}

/** The rest of a liquidated position, too small to trade, closed by the engine at the mark. */
export interface DustClosed extends Happened, BookedLeg {
  readonly kind: 'dust-closed';
  readonly account: string;
}

export interface TradeRejected extends Happened {
  readonly kind: 'trade-rejected';
  readonly tradeId: string;
  readonly account: string;
  readonly code: string;
  readonly reason: string;
  /** the liquidation plan that was refused, where it was one */
  readonly planId?: string;
}

export interface FundingAccrued extends Happened {
  readonly kind: 'funding-accrued';
  /**
   * by market: money since the last accrual to the exchange and to the liquidity providers, and by how much the market's funding
   * index has risen, which is what each unit of size owes, however small the net position is
   */
  readonly markets: readonly (readonly [market: string, risk: string, liquidity: string, index: string])[];
}

export interface Vested extends Happened {
  readonly kind: 'vested';
  readonly toCapital: string;
  readonly toLiquidity: string;
}

/** A provider's command was taken; it is executed at the next confirmed marks of every market with a position. */
export interface LiquidityAsked extends Happened {
  readonly kind: 'liquidity-asked';
  readonly commandId: string;
  readonly provider: string;
  readonly ask: 'deposit' | 'locked' | 'forced';
  /** of a deposit; 0 of a withdrawal */
  readonly amount: string;
  /** to be redeemed: what the amount asked for is worth now; 0 of a deposit */
  readonly shares: string;
}

export interface LiquidityDeposited extends Happened {
  readonly kind: 'liquidity-deposited';
  readonly commandId: string;
  readonly provider: string;
  readonly amount: string;
  readonly shares: string;
}

export interface WithdrawalLocked extends Happened {
  readonly kind: 'withdrawal-locked';
  readonly commandId: string;
  readonly provider: string;
  readonly shares: string;
  /** when it will be paid, milliseconds */
  readonly releaseAt: number;
}

export interface LiquidityWithdrawn extends Happened {
  readonly kind: 'liquidity-withdrawn';
  readonly commandId: string;
  readonly provider: string;
  readonly shares: string;
  /** paid out, after the fee */
  readonly paid: string;
  /** kept by the exchange's capital */
  readonly fee: string;
  readonly mode: 'locked' | 'forced';
}

/** What backs a provider's liquidity outside the exchange was valued: the difference comes to L or leaves it, for shares. */
export interface LiquidityValued extends Happened {
  readonly kind: 'liquidity-valued';
  readonly provider: string;
  /** market time of the marks it was valued at, milliseconds */
  readonly valuedAt: number;
  readonly vault: string;
  /** pool shares that back it */
  readonly units: string;
  /** worth of them all */
  readonly value: string;
  readonly haircut: number;
  /** what of the value counts from now on */
  readonly backing: string;
  /** units the exchange has taken for the provider's losses, less what it has given, ever */
  readonly settled: string;
  /** to L; negative: from it */
  readonly amount: string;
  /** what has left L beyond the worth of the provider's shares and has not come back */
  readonly deficit: string;
  /** issued to the provider; negative: redeemed */
  readonly shares: string;
}

export interface LiquidityRejected extends Happened {
  readonly kind: 'liquidity-rejected';
  readonly commandId: string;
  readonly provider: string;
  readonly code: string;
  readonly reason: string;
}

export interface AccountDeposited extends Happened {
  readonly kind: 'account-deposited';
  readonly commandId: string;
  readonly account: string;
  readonly amount: string;
}

export interface AccountWithdrawn extends Happened {
  readonly kind: 'account-withdrawn';
  readonly commandId: string;
  readonly account: string;
  readonly amount: string;
  /** claim given up beside the amount: the exchange was insolvent */
  readonly haircut?: string;
}

/** Between a trader's cross margin and the margin of an isolated position. */
export interface CollateralMoved extends Happened {
  readonly kind: 'collateral-moved';
  /** null where closing an isolated position has given its collateral back */
  readonly commandId: string | null;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
}

export interface AccountRejected extends Happened {
  readonly kind: 'account-rejected';
  readonly commandId: string;
  readonly account: string;
  readonly code: string;
  readonly reason: string;
}

/** An account has paid for its default option up to now, to the credit reserve, and owes another rate from now on. */
export interface CreditCharged extends Happened {
  readonly kind: 'credit-charged';
  readonly account: string;
  /** at most what the account has */
  readonly charged: string;
  /** money an hour */
  readonly rate: string;
}

/** Another version of the risk parameters holds from here on. */
export interface ParametersSet extends Happened {
  readonly kind: 'parameters-set';
  readonly commandId: string;
  readonly version: number;
  readonly parametersDigest: string;
  readonly parameters: RiskParameters;
  readonly by: string;
  readonly reason: string;
}

export interface ParametersRejected extends Happened {
  readonly kind: 'parameters-rejected';
  readonly commandId: string;
  readonly code: string;
  readonly reason: string;
}

/** An account without positions owed more than it had: the pool bears it, P first, then L. */
export interface BankruptcySettled extends Happened {
  readonly kind: 'bankruptcy-settled';
  readonly account: string;
  readonly loss: string;
  readonly planId?: string;
}
