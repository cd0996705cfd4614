// Long because it is the one door to the books: a reader for each thing they hold, and no logic besides.
import { gainOf } from '#lib/margin';
import type { BookEvent } from './book-event.js';
import { Books } from './books.js';
import { differingSum, restoreAccounts, restoreTotals, stateOf } from './books-state.js';
import { debtOf } from './credit-rates.js';
import { fold } from './fold/fold.js';
import { providerCommand } from './fold/liquidity.js';
import {
  type AccountBook,
  type Backing,
  freeze,
  type LedgerSnapshot,
  type LockedWithdrawal,
  type MarketBook,
  type OpenPosition,
  split,
  type TakeoverTerms,
  thawLists,
  thawTotals,
  type WaitingCommand,
} from './ledger-state.js';
import type { PlaceSet } from './place-set.js';
import { FLAT, type Position } from './position.js';

const NO_MARKET: MarketBook = {
  ...{ size: 0n, longSize: 0n, entryNotional: 0n, fundingIndex: 0n, unsettledFunding: 0n, scale: 1 },
};

const NO_TAKEOVERS: TakeoverTerms = { notional: 0n, discount: 0 };
const NO_CREDIT = { rate: 0n, owed: 0n };
const NO_POSITIONS: ReadonlyMap<string, OpenPosition> = new Map();

/**
 * The exchange's books in exact amounts: accounts, positions, P, L, pending amounts, shares of the liquidity
 * providers. A fold over {@link BookEvent}s; nothing else changes it.
 *
 * Invariant, to the last unit ({@link imbalance} is 0):
 * Σ cash − Σ unsettled funding + reserve + P + L + pending − shortfall = deposits − withdrawals.
 */
export class ExchangeLedger {
  private readonly books: Books;
  private _eventCount = 0;
  /** told of each event before it is applied */
  private readonly watchers = new Set<(event: BookEvent) => void>();

  /**
   * @param horizonMs τ in milliseconds: how long premia and funding stay pending
   * @param bucketMs premia collected within one bucket vest together
   */
  constructor(
    readonly horizonMs: number,
    readonly bucketMs: number,
  ) {
    this.books = new Books(horizonMs, bucketMs);
  }

  /** P */
  get capital(): bigint {
    return this.books.capital;
  }
  /** L */
  get liquidity(): bigint {
    return this.books.liquidity;
  }
  /** The pool's losses that L has borne: gains give them back before P earns. */
  get borne(): bigint {
    return this.books.borne;
  }
  /** Losses past both P and L. */
  get shortfall(): bigint {
    return this.books.shortfall;
  }
  /** Money for defaults before the pool bears them. */
  get creditReserve(): bigint {
    return this.books.creditReserve;
  }
  /** P_t: premia and funding of the rolling window that will be the exchange's */
  get pendingToCapital(): bigint {
    return this.books.pendingCapital.pending;
  }
  get pendingToLiquidity(): bigint {
    return this.books.pendingLiquidity.pending;
  }
  get outstandingShares(): bigint {
    return this.books.totalShares;
  }
  /** Paid in less paid out: no more can ever be paid out. */
  get netDeposits(): bigint {
    return this.books.deposits - this.books.withdrawals;
  }
  /** Σ cash less the funding that accounts owe: the traders' money at the entry prices of their positions. */
  get collateral(): bigint {
    return this.books.totalCash - this.books.unsettledFunding;
  }
  /** How many events have made this state. */
  get eventCount(): number {
    return this._eventCount;
  }
  get totals(): Readonly<Books['collected']> {
    return this.books.collected;
  }

  market(name: string): Readonly<MarketBook> {
    return this.books.markets.get(name) ?? NO_MARKET;
  }

  marketNames(): string[] {
    return [...this.books.markets.keys()];
  }

  /** Whether anybody has a position in the market. */
  isOpen(name: string): boolean {
    const { size, longSize } = this.market(name);
    return size !== 0n || longSize !== 0n;
  }

  /** An account's open positions by market, as they stand in the books. */
  positionsOf(account: string): Iterable<readonly [market: string, position: OpenPosition]> {
    return this.books.positions.get(account) ?? NO_POSITIONS;
  }

  /** Whether an account has an open position. */
  hasPositions(account: string): boolean {
    return this.books.positions.has(account);
  }

  /** Margin accounts with a position in a market, and its size. O(accounts): for the operator's orders alone. */
  *holders(market: string): Generator<readonly [account: string, position: Position]> {
    for (const [account, held] of this.books.positions) {
      const position = held.get(market);
      if (position !== undefined) yield [account, position];
    }
  }

  position(account: string, market: string): Position {
    return this.books.positions.get(account)?.get(market) ?? FLAT;
  }

  cashOf(account: string): bigint {
    return this.books.cashOf(account);
  }

  /** Accounts that have ever deposited or traded. */
  get accountCount(): number {
    return this.books.cash.size;
  }

  /** Whether an account has ever deposited or traded. */
  hasAccount(account: string): boolean {
    return this.books.cash.has(account);
  }

  /** An account's books: cash, funding owed up to now, open positions. */
  account(name: string): AccountBook {
    const { books } = this;
    const positions: (OpenPosition & { market: string; fundingOwed: bigint })[] = [];
    let fundingOwed = 0n;
    for (const [market, position] of books.positions.get(name) ?? NO_POSITIONS) {
      const { size, entryNotional, fundingIndex } = position;
      const charge = books.fundingOf(position, books.openMarket(market));
      fundingOwed += charge;
      positions.push({ market, size, entryNotional, fundingIndex, fundingOwed: charge });
    }
    return { cash: this.cashOf(name), fundingOwed, positions };
  }

  /**
   * Funding debt of a position, rounded against its account.
   *
   * @param book of its market; its funding index is that up to which the debt is counted, by default the present one
   */
  fundingOwedOn(
    market: string,
    position: OpenPosition,
    book: Pick<MarketBook, 'fundingIndex'> = this.books.openMarket(market),
  ): bigint {
    return this.books.fundingOf(position, book);
  }

  /** An account's charge an hour for its default option, and its debt by a time: rounded against it. */
  creditOf(account: string, now: number): { readonly rate: bigint; readonly owed: bigint } {
    const known = this.books.credit.get(account);
    return known === undefined ? NO_CREDIT : { rate: known.rate, owed: debtOf(known, now) };
  }

  /** The rate alone, and since when it has been owed, market time; undefined where nothing is charged. */
  creditRateOf(account: string): { readonly rate: bigint; readonly since: number } | undefined {
    return this.books.credit.get(account);
  }

  /** All accounts' debts for their default options by a time that are not booked yet. O(1). */
  accruedCredit(now: number): bigint {
    return this.books.credit.accrued(now);
  }

  /** Equity of an account that is reserved for its orders. */
  reservedOf(account: string): bigint {
    return this.books.reservations.get(account)?.total ?? 0n;
  }

  /** The part that some reservations hold. */
  reservedBy(account: string, reservationIds: readonly string[]): bigint {
    const byId = this.books.reservations.get(account)?.byId;
    return [...new Set(reservationIds)].reduce((sum, id) => sum + (byId?.get(id)?.amount ?? 0n), 0n);
  }

  /** Whether an account has a reservation. */
  hasReservation(account: string, reservationId: string): boolean {
    return this.books.reservations.get(account)?.byId.has(reservationId) ?? false;
  }

  /** Signed notionals of the orders that an account has reserved margin for, money, by market: those that buy, and those that sell. */
  reservedOrders(account: string): {
    readonly buys: Map<string, bigint>;
    readonly sells: Map<string, bigint>;
  } {
    const orders = { buys: new Map<string, bigint>(), sells: new Map<string, bigint>() };
    for (const { legs } of this.books.reservations.get(account)?.byId.values() ?? [])
      for (const [market, notional] of legs) {
        const side = notional > 0n ? orders.buys : orders.sells;
        side.set(market, (side.get(market) ?? 0n) + notional);
      }
    return orders;
  }

  /** How many reservations an account has. */
  reservationCount(account: string): number {
    return this.books.reservations.get(account)?.byId.size ?? 0;
  }

  /** Positions that an account lets liquidators pass to it: none, where it has not said. */
  takeoversOf(account: string): TakeoverTerms {
    return this.books.takeovers.get(account) ?? NO_TAKEOVERS;
  }

  /** Margin accounts that have cash, owe some or have positions. */
  accountNames(): IterableIterator<string> {
    return this.books.cash.keys();
  }

  /** When the newest window of gains began; undefined before the first one. */
  get gainsSince(): number | undefined {
    return this.books.windows.beganAt;
  }

  /** An account's gain since the older window began, at its present equity, money. */
  gainOf(account: string, equity: bigint): bigint {
    const baseline = this.books.windows.baseline(account, this.books.holdings(account));
    return baseline === undefined ? 0n : gainOf(equity, baseline.equity, baseline.inflow);
  }

  /** Cuts of an account's gains that are owed, money. */
  notesOf(account: string): { readonly outstanding: bigint; readonly claimable: bigint } {
    return this.books.notes.of(account);
  }

  /** Of all accounts: owed and not set aside; set aside and not claimed. */
  get notes(): { readonly outstanding: bigint; readonly fund: bigint } {
    const { outstanding, fund } = this.books.notes;
    return { outstanding, fund };
  }

  /** How often losses past the pool have been shared. */
  get settlements(): number {
    return this.books.settlements.length;
  }

  /** Sequence of the event that a settlement ended with; undefined where there was none. @param number from 1 */
  settlementAt(number: number): number | undefined {
    return this.books.settlements[number - 1];
  }

  /** How many margin accounts have an open position. */
  get openCount(): number {
    return this.books.positions.size;
  }

  /** Margin accounts with an open position. */
  openAccounts(): IterableIterator<string> {
    return this.books.positions.keys();
  }

  /** Everybody who has ever had cash or shares, in the order in which they came. */
  get participants(): readonly string[] {
    return this.books.participants;
  }

  /** Places in {@link participants} of the accounts that have an open position now. O(participants / 32). */
  openPlaces(): PlaceSet {
    return this.books.open.copy();
  }

  isParticipant(name: string): boolean {
    return this.books.isParticipant(name);
  }

  /** Where a name stands in {@link participants}. */
  placeOf(name: string): number | undefined {
    return this.books.placeOf(name);
  }

  sharesOf(provider: string): bigint {
    return this.books.shares.get(provider) ?? 0n;
  }

  /** Everybody with shares of the liquidity. */
  providers(): IterableIterator<string> {
    return this.books.shares.keys();
  }

  /** Shares of a provider that neither wait for marks nor are locked. */
  freeShares(provider: string): bigint {
    return this.sharesOf(provider) - (this.books.reserved.get(provider)?.shares ?? 0n);
  }

  /** A provider's commands that are not settled: waiting or locked. */
  openCommands(provider: string): number {
    return this.books.reserved.get(provider)?.commands ?? 0;
  }

  /** Liquidity commands that wait for marks. */
  get waitingCommands(): number {
    return this.books.waiting.size;
  }

  /** The liquidity command that has waited longest. */
  nextWaiting(): WaitingCommand | undefined {
    return first(this.books.waiting);
  }

  isWaiting(provider: string, commandId: string): boolean {
    return this.books.waiting.has(providerCommand(provider, commandId));
  }

  /** The locked withdrawal that is released next. */
  nextLocked(): LockedWithdrawal | undefined {
    return first(this.books.locked);
  }

  /** Withdrawals that are paid once their time has come, the next one first. */
  lockedWithdrawals(): IterableIterator<LockedWithdrawal> {
    return this.books.locked.values();
  }

  /** A provider's backing outside the exchange; undefined where it is cash. */
  backingOf(provider: string): Backing | undefined {
    return this.books.backings.get(provider);
  }

  /** Providers whose liquidity is backed outside the exchange. */
  backedProviders(): string[] {
    return [...this.books.backings.keys()];
  }

  /** Amounts that would vest by `now`, without taking them: the exchange's at once, to the providers evenly. */
  dueBy(now: number): { toCapital: bigint; toLiquidity: bigint } {
    let capital = 0n;
    for (const { collectedAt, amount } of this.books.pendingCapital.entries()) {
      if (collectedAt + this.horizonMs > now) break;
      capital += amount;
    }
    const earned = this.books.pendingLiquidity.due(now);
    const nobody = this.outstandingShares === 0n && earned > 0n;
    return nobody
      ? { toCapital: capital + earned, toLiquidity: 0n }
      : { toCapital: capital, toLiquidity: earned };
  }

  /** The parts of premia, collected at a time, that nobody has earned by `now`. */
  unearned(
    premia: { readonly at: number; readonly riskPremium: bigint; readonly liquidityPremium: bigint },
    now: number,
  ): { readonly riskPremium: bigint; readonly liquidityPremium: bigint } {
    const { pendingCapital, pendingLiquidity } = this.books;
    return {
      riskPremium: pendingCapital.isPending(premia.at) ? premia.riskPremium : 0n,
      liquidityPremium: pendingLiquidity.unearned(premia.at, premia.liquidityPremium, now),
    };
  }

  /** When something vests next of its own: the end of the bucket, or of a horizon; Infinity where nothing is pending. */
  nextVesting(): number {
    const { pendingCapital, pendingLiquidity } = this.books;
    const oldest = pendingCapital.entries().at(0);
    const due = oldest === undefined ? Infinity : oldest.collectedAt + this.horizonMs;
    if (pendingLiquidity.pending === 0n) return due;
    return Math.min(due, (Math.floor(pendingLiquidity.earnedUntil / this.bucketMs) + 1) * this.bucketMs);
  }

  /** 0 where not a unit has been lost or made. O(1): the sums are kept with the accounts, see {@link recount}. */
  imbalance(): bigint {
    const { books } = this;
    const { capital, liquidity, shortfall, creditReserve, pendingCapital, pendingLiquidity } = books;
    const pool =
      books.notes.fund +
      creditReserve +
      capital +
      liquidity +
      pendingCapital.pending +
      pendingLiquidity.pending -
      shortfall;
    return this.collateral + pool - this.netDeposits;
  }

  /**
   * Counts everything again: all accounts, all positions.
   *
   * @returns the name of a sum that differs from its parts; undefined where all are
   */
  recount(): string | undefined {
    return differingSum(this.books) ?? (this.imbalance() === 0n ? undefined : 'imbalance');
  }

  /**
   * Calls a function with each event before it is applied, so that it can still read what the event changes.
   *
   * @returns to be called when that is no longer wanted
   */
  watch(watcher: (event: BookEvent) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  apply(event: BookEvent): void {
    if (this.watchers.size > 0) for (const watcher of this.watchers) watcher(event);
    this._eventCount++;
    fold(this.books, event);
    if (event.kind === 'haircut-settled') this.books.settlements.push(this._eventCount);
  }

  snapshot(): LedgerSnapshot {
    return freeze(stateOf(this.books, this._eventCount));
  }

  /**
   * The snapshot in parts, made as they are asked for; for {@link restore}, in their order.
   *
   * @param size books in a part at most, a book being an account's cash or one of its positions
   * @throws {Error} where an event is applied before all are made
   */
  *snapshotParts(size: number): Generator<LedgerSnapshot> {
    const { eventCount } = this;
    for (const part of split(stateOf(this.books, eventCount), size)) {
      if (this.eventCount !== eventCount) throw new Error('the ledger has moved under its snapshot');
      yield part;
    }
  }

  /**
   * @param snapshot whole, or the first of its parts; {@link restorePart} takes the others
   * @throws {InvalidInputError} for a snapshot of another version
   */
  static restore(snapshot: LedgerSnapshot, horizonMs: number, bucketMs: number): ExchangeLedger {
    const state = thawTotals(snapshot);
    const ledger = new ExchangeLedger(horizonMs, bucketMs);
    restoreTotals(ledger.books, state, horizonMs, bucketMs);
    ledger._eventCount = state.eventCount;
    ledger.restorePart(snapshot);
    return ledger;
  }

  /**
   * Takes a further part of the snapshot this ledger is restored from.
   *
   * @throws {InvalidInputError} for a part of another version
   */
  restorePart(part: LedgerSnapshot): void {
    restoreAccounts(this.books, thawLists(part));
  }
}

function first<T>(entries: ReadonlyMap<string, T>): T | undefined {
  // Called with every command, mostly on an empty map: an iterator costs more than the size.
  if (entries.size === 0) return undefined;
  for (const entry of entries.values()) return entry;
  return undefined;
}
