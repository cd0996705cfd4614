import { divide } from '#lib/amounts';
import { LinearVesting, VestingSchedule } from '#lib/risk';
import { CreditRates } from './credit-rates.js';
import {
  type Backing,
  INDEX_SCALE,
  type LockedWithdrawal,
  type MarketBook,
  type OpenPosition,
  type Reservation,
  type TakeoverTerms,
  type WaitingCommand,
} from './ledger-state.js';
import { type AccountHoldings, GainWindows } from './gain-windows.js';
import { PayoutNotes } from './payout-notes.js';
import { PlaceSet } from './place-set.js';
import { FLAT, type Position } from './position.js';

/** The exchange's books, as the folds change them. Sums over accounts are kept beside the accounts: nothing walks them. */
export class Books {
  readonly markets = new Map<string, MarketBook>();
  /**
   * Everybody who has ever had cash or shares, in the order in which they came: their places in the books that are committed to, the
   * same after a restart.
   */
  readonly participants: string[] = [];
  private readonly placed = new Map<string, number>();
  readonly positions = new Map<string, Map<string, OpenPosition>>();
  /** places of the participants who have a position */
  readonly open = new PlaceSet();
  readonly cash = new Map<string, bigint>();
  readonly shares = new Map<string, bigint>();
  readonly backings = new Map<string, Backing>();
  /** liquidity commands that wait for the next marks, in the order in which they came */
  readonly waiting = new Map<string, WaitingCommand>();
  /** by release: the horizon is the same for all */
  readonly locked = new Map<string, LockedWithdrawal>();
  /** shares of each provider that wait or are locked, and how many commands that is */
  readonly reserved = new Map<string, { shares: bigint; commands: number }>();
  pendingCapital: VestingSchedule;
  pendingLiquidity: LinearVesting;
  capital = 0n;
  liquidity = 0n;
  shortfall = 0n;
  /** payments of accounts for their default option, less the defaults that it has borne */
  creditReserve = 0n;
  /** losses of the pool other than defaults that the reserve has borne: gains give it back before P earns */
  reserveBorne = 0n;
  /** of accounts whose default costs something: the charge an hour, money, and since when */
  readonly credit = new CreditRates();
  /** recent gains of accounts */
  readonly windows = new GainWindows();
  /** cuts of gains that are owed */
  readonly notes = new PayoutNotes();
  /** losses past the pool that were shared: the sequence of each `haircut-settled` */
  readonly settlements: number[] = [];
  /** equity reserved for orders, by account and reservation */
  readonly reservations = new Map<
    string,
    { readonly total: bigint; readonly byId: Map<string, Reservation> }
  >();
  /** positions that accounts let liquidators pass to them */
  readonly takeovers = new Map<string, TakeoverTerms>();
  /** losses that L has borne for P: gains give them back before P earns */
  borne = 0n;
  totalShares = 0n;
  totalCash = 0n;
  unsettledFunding = 0n;
  deposits = 0n;
  withdrawals = 0n;
  /** totals since the beginning, for reports */
  readonly collected = {
    riskPremia: 0n,
    liquidityPremia: 0n,
    riskFunding: 0n,
    liquidityFunding: 0n,
    fees: 0n,
    penalties: 0n,
    /** charged for the default option of accounts */
    creditCharges: 0n,
    /** losses of bankrupt accounts that reserve and pool have borne */
    bankruptcies: 0n,
    /** claims that were given up by withdrawing while the exchange was insolvent */
    haircuts: 0n,
    /** of matched trades, less rebates */
    tradingFees: 0n,
    trades: 0,
    matches: 0,
  };

  constructor(horizonMs: number, bucketMs: number) {
    this.pendingCapital = new VestingSchedule(horizonMs, bucketMs);
    this.pendingLiquidity = new LinearVesting(horizonMs, bucketMs);
  }

  cashOf(account: string): bigint {
    return this.cash.get(account) ?? 0n;
  }

  /** Gives a name its place among the participants, where it has none yet. */
  admit(name: string): void {
    if (this.placed.has(name)) return;
    const place = this.participants.length;
    this.placed.set(name, place);
    this.participants.push(name);
    if (this.positions.has(name)) this.open.add(place);
  }

  /** An index of {@link participants}. */
  placeOf(name: string): number | undefined {
    return this.placed.get(name);
  }

  isParticipant(name: string): boolean {
    return this.placed.has(name);
  }

  addCash(account: string, amount: bigint): void {
    this.admit(account);
    this.cash.set(account, this.cashOf(account) + amount);
    this.totalCash += amount;
  }

  addShares(provider: string, shares: bigint): void {
    this.admit(provider);
    const held = (this.shares.get(provider) ?? 0n) + shares;
    if (held === 0n) this.shares.delete(provider);
    else this.shares.set(provider, held);
    this.totalShares += shares;
  }

  reserve(provider: string, shares: bigint, commands: number): void {
    const known = this.reserved.get(provider) ?? { shares: 0n, commands: 0 };
    const next = { shares: known.shares + shares, commands: known.commands + commands };
    if (next.commands === 0) this.reserved.delete(provider);
    else this.reserved.set(provider, next);
  }

  reserveMargin(account: string, reservationId: string, reservation: Reservation): void {
    const known = this.reservations.get(account) ?? { total: 0n, byId: new Map<string, Reservation>() };
    const before = known.byId.get(reservationId)?.amount ?? 0n;
    known.byId.set(reservationId, reservation);
    this.reservations.set(account, { total: known.total + reservation.amount - before, byId: known.byId });
  }

  release(account: string, reservationId: string): void {
    const known = this.reservations.get(account);
    const held = known?.byId.get(reservationId);
    if (known === undefined || held === undefined) return;
    known.byId.delete(reservationId);
    if (known.byId.size === 0) this.reservations.delete(account);
    else this.reservations.set(account, { total: known.total - held.amount, byId: known.byId });
  }

  acceptTakeovers(account: string, notional: bigint, discount: number): void {
    if (notional > 0n) this.takeovers.set(account, { notional, discount });
    else this.takeovers.delete(account);
  }

  /** An account is about to change: keeps its equity at the beginning of the windows of gains. */
  rememberGains(account: string): void {
    this.windows.remember(account, () => this.holdings(account));
  }

  holdings(account: string): AccountHoldings {
    return { cash: this.cashOf(account), positions: this.positions.get(account) ?? [] };
  }

  openMarket(name: string): MarketBook {
    let market = this.markets.get(name);
    if (market === undefined) {
      market = {
        ...{ size: 0n, longSize: 0n, entryNotional: 0n, fundingIndex: 0n, unsettledFunding: 0n, scale: 1 },
      };
      this.markets.set(name, market);
    }
    return market;
  }

  /** A position with the funding it owes since it was last touched, rounded against the trader. */
  settled(account: string, name: string, market: MarketBook): { position: Position; charge: bigint } {
    const position = this.positions.get(account)?.get(name);
    if (position === undefined) return { position: FLAT, charge: 0n };
    return { position, charge: this.fundingOf(position, market) };
  }

  /** Funding that a position owes since it was last touched, rounded against the trader. */
  fundingOf({ size, fundingIndex }: OpenPosition, market: Pick<MarketBook, 'fundingIndex'>): bigint {
    const risen = market.fundingIndex - fundingIndex;
    return risen === 0n ? 0n : divide(size * risen, INDEX_SCALE, 'up');
  }

  setPosition(account: string, name: string, position: OpenPosition): void {
    let held = this.positions.get(account);
    if (held === undefined) {
      held = new Map();
      this.openAccount(account, held);
    }
    if (position.size !== 0n) held.set(name, position);
    else if (held.delete(name) && held.size === 0) {
      this.positions.delete(account);
      const place = this.placed.get(account);
      if (place !== undefined) this.open.delete(place);
    }
  }

  /** An account has positions from now on. */
  openAccount(account: string, held: Map<string, OpenPosition>): void {
    this.positions.set(account, held);
    const place = this.placed.get(account);
    if (place !== undefined) this.open.add(place);
  }
}
