// Long because it is one list: every event of the book, as it is journalled and published.
import type { BookPayload, RiskParameters } from '#lib/messages';

/**
 * Events of the exchange's book, with every amount decided. State is a fold over these and nothing else,
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
  | MatchBooked
  | MatchRejected
  | MarginReserved
  | MarginReleased
  | TakeoversAccepted
  | WindowBegun
  | GainsCut
  | HaircutSettled
  | PositionsReduced
  | NotePaid
  | ParametersSet
  | ParametersRejected
  | MarketRescaled
  | PositionsSettled
  | MarketDelisted
  | TradeBusted
  | CommandIdReused;

/** Every event fits the schema of its kind in the topic `book`: other fields do not compile. */
type Fits<Payload, Event extends Payload> = Event;
export type PublishedBookEvent = Fits<BookPayload, BookEvent>;

interface Happened {
  /** market time, milliseconds since the epoch */
  readonly at: number;
  /** of the decided command's content, where there was one */
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
  /** of a liquidation: charged on the closed notional, to the pool */
  readonly penalty?: string;
  /** where the penalty is shared: whose report it was, and its half; the credit reserve has the rest */
  readonly liquidator?: string;
  readonly toLiquidator?: string;
  /** the liquidator's fee where the account has nothing, out of the credit reserve */
  readonly fromReserve?: string;
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
   * index has risen, the amount that each unit of size owes, however small the net position is
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
  /** to be redeemed: the present value of the amount asked for; 0 of a deposit */
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

/** A provider's backing outside the exchange was valued: the difference comes to L or leaves it, for shares. */
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
  /** the part of the value that counts from now on */
  readonly backing: string;
  /** units the exchange has taken for the provider's losses, less those it has given, ever */
  readonly settled: string;
  /** to L; negative: from it */
  readonly amount: string;
  /** money that has left L beyond the worth of the provider's shares and has not come back */
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
  /** equity before, at marks, of the account that the money leaves: an amount beyond its principal is gain; undefined where all of it leaves */
  readonly equity?: string;
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
  /** at most the account's equity */
  readonly charged: string;
  /** money an hour */
  readonly rate: string;
}

/** One account's part of a match, and its payments. */
export interface MatchedAccount {
  readonly account: string;
  /** fills at their prices, and trades with the pool at the mark */
  readonly legs: readonly BookedLeg[];
  /** to the fee account; negative: a rebate */
  readonly fee: string;
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  /** reservations that end with it */
  readonly releases?: readonly string[];
}

/** Matched trades of several accounts, all at once. */
export interface MatchBooked extends Happened {
  readonly kind: 'match-booked';
  readonly matchId: string;
  /** the liquidation plan whose positions were taken over, where it is one */
  readonly planId?: string;
  /** whose match it is, where it is not the venue's */
  readonly by?: string;
  readonly accounts: readonly MatchedAccount[];
  readonly feeAccount: string;
  readonly forecastId: string;
}

export interface MatchRejected extends Happened {
  readonly kind: 'match-rejected';
  readonly matchId: string;
  readonly by?: string;
  readonly code: string;
  readonly reason: string;
}

/** Equity that an account may not use otherwise: its orders would need it. */
export interface MarginReserved extends Happened {
  readonly kind: 'margin-reserved';
  readonly commandId: string;
  readonly account: string;
  readonly amount: string;
  /** the orders' signed notionals at the marks of then, by market: later ones are margined with them */
  readonly legs?: readonly (readonly [market: string, notional: string])[];
}

export interface MarginReleased extends Happened {
  readonly kind: 'margin-released';
  readonly commandId: string;
  readonly account: string;
  readonly reservationId: string;
  readonly amount: string;
}

/** An account lets liquidators pass it positions, up to a notional and at prices of its choice; replaces its earlier terms. */
export interface TakeoversAccepted extends Happened {
  readonly kind: 'takeovers-accepted';
  readonly commandId: string;
  readonly account: string;
  /** that is left to be passed; takeovers use it up */
  readonly notional: string;
  /** by which the prices together must be better than the marks, a share of the notional */
  readonly discount: number;
}

/** From here on the gains of accounts are counted: they bear losses past the pool first. */
export interface WindowBegun extends Happened {
  readonly kind: 'window-begun';
  readonly marks: readonly (readonly [market: string, price: string])[];
}

/** A part of the cuts that share a loss past the pool; the settlement follows its parts. */
export interface GainsCut extends Happened {
  readonly kind: 'gains-cut';
  readonly settlementId: string;
  /** ids ascending over all parts */
  readonly cuts: readonly (readonly [account: string, cut: string])[];
  /** every account with equity, ids ascending: a part is a chunk of the settlement's statement, and this with the cuts its leaves */
  readonly held: readonly (readonly [account: string, gain: string, equity: string])[];
}

/** A loss past the pool has been shared: pro rata of gains first, then of equity. */
export interface HaircutSettled extends Happened {
  readonly kind: 'haircut-settled';
  readonly settlementId: string;
  /** D: the shortfall of all claims, at marks */
  readonly need: string;
  /** G: gains of all accounts */
  readonly gains: string;
  readonly fromGains: string;
  readonly fromPrincipal: string;
  readonly accounts: number;
  /** of the last chunk */
  readonly root: string;
  /** the statement of the settlement in chunks, each beginning where the one before has ended: margin's LossStatement */
  readonly chunks: readonly {
    readonly accounts: number;
    readonly gains: string;
    readonly principal: string;
    readonly cuts: string;
    readonly last: string;
    readonly leaves: string;
    readonly root: string;
  }[];
}

/** Positions that were made smaller at their marks, because the pool cannot carry the other side any more. */
export interface PositionsReduced extends Happened {
  readonly kind: 'positions-reduced';
  readonly settlementId: string;
  readonly reductions: readonly (BookedLeg & { readonly account: string })[];
  /** the terms by which all positions are judged, in the first part; absent where a reduction is of more markets than a statement has */
  readonly program?: {
    /** the size that had to be closed, signed, at the mark */
    readonly markets: readonly { readonly market: string; readonly price: string; readonly reduce: string }[];
    /** Σ by rows, upper triangle, its largest entry 2^30 */
    readonly covariance: readonly string[];
    /** marginal cost of a kept position in each market, units of 2^−60; none where it was made market by market */
    readonly prices: readonly string[];
  };
  /** accounts on the reduced side, ids ascending: equity that positions are weighed by, and the sizes that are kept */
  readonly held?: readonly (readonly [
    account: string,
    equity: string,
    kept: readonly (readonly [market: string, size: string])[],
  ])[];
  /** sums and roots after this part */
  readonly chunk?: {
    readonly accounts: number;
    readonly closed: readonly string[];
    readonly last: string;
    readonly leaves: string;
    readonly root: string;
  };
}

/** Money set aside for an account's notes is paid into its cash. */
export interface NotePaid extends Happened {
  readonly kind: 'note-paid';
  readonly commandId: string;
  readonly account: string;
  readonly amount: string;
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

/** A market was redenominated, by the operator: in parts, where many accounts have a position in it. */
export interface MarketRescaled extends Happened {
  readonly kind: 'market-rescaled';
  readonly market: string;
  /** prices times this, sizes divided by it */
  readonly factor: string;
  /** mark before and after */
  readonly from: string;
  readonly to: string;
  /**
   * by account: its size in the new unit, money for the remainder of the rounding, and the entry notional that leaves with a
   * position of which nothing is left
   */
  readonly accounts: readonly (readonly [account: string, size: string, cash: string, released: string])[];
  /** whether this is the last part */
  readonly last: boolean;
  readonly by: string;
  readonly reason: string;
}

/** Positions of a market that is being delisted were closed at the price the operator has stated. */
export interface PositionsSettled extends Happened {
  readonly kind: 'positions-settled';
  readonly market: string;
  readonly price: string;
  /** by account: the size that closed its position */
  readonly accounts: readonly (readonly [account: string, size: string])[];
}

/** A market is gone: nobody has a position in it. */
export interface MarketDelisted extends Happened {
  readonly kind: 'market-delisted';
  readonly market: string;
  readonly price: string;
  /** remainder of rounded funding in the market: from the pool where negative */
  readonly funding: string;
  readonly by: string;
  readonly reason: string;
}

/** A trade or a liquidation was taken back, by the operator: its legs the other way at its own prices, and its premia. */
export interface TradeBusted extends Happened {
  readonly kind: 'trade-busted';
  readonly tradeId: string;
  readonly account: string;
  /** the liquidation plan whose trade it was */
  readonly planId?: string;
  /** fills that take the trade back, dust that was closed with it included */
  readonly legs: readonly BookedLeg[];
  /** time and premia of the trade: those that are still pending are given back */
  readonly traded: { readonly at: number; readonly riskPremium: string; readonly liquidityPremium: string };
  /** given back to the account */
  readonly riskPremium: string;
  readonly liquidityPremium: string;
  readonly penalty: string;
  /** a debt that the pool had borne for the account after the trade, which the account has again */
  readonly debt: string;
  /** collateral of an isolated position that had gone back to the trader, and returns */
  readonly collateral: string;
  readonly by: string;
  readonly reason: string;
}

/** A command was refused because its owner had used the id for another one, whose outcome stays. */
export interface CommandIdReused extends Happened {
  readonly kind: 'command-id-reused';
  /** where it came from */
  readonly topic: string;
  readonly owner: string;
  readonly commandId: string;
  readonly code: string;
  readonly reason: string;
}
