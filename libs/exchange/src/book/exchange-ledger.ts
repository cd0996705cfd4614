import { absorbLoss, VestingSchedule } from '#lib/risk';
import type {
  BookEvent,
  FundingAccrued,
  LiquidityValued,
  LiquidityWithdrawn,
  TradeBooked,
} from './book-event.js';
import {
  divide,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  UNIT_DECIMALS,
} from '#lib/amounts';
import {
  type AccountBook,
  type Backing,
  freeze,
  type LedgerSnapshot,
  type LedgerState,
  type LockedWithdrawal,
  type MarketBook,
  type OpenPosition,
  split,
  thawLists,
  thawTotals,
} from './ledger-state.js';
import { FLAT, type Position, tradePosition } from './position.js';

/** Funding index: money per unit of size, 10^−26 of both smallest units' ratio. */
const INDEX_SCALE = 10n ** 18n;

/**
 * The exchange's books in exact amounts: accounts, positions, P, L, what is pending, shares of the liquidity
 * providers. A fold over {@link BookEvent}s; nothing else changes it.
 *
 * Invariant, to the last unit ({@link imbalance} is 0):
 * Σ cash − Σ unsettled funding + P + L + pending − shortfall = deposits − withdrawals.
 */
export class ExchangeLedger {
  private readonly markets = new Map<string, MarketBook>();
  private readonly positions = new Map<string, Map<string, OpenPosition>>();
  private readonly cash = new Map<string, bigint>();
  private readonly shares = new Map<string, bigint>();
  private readonly locked = new Map<string, LockedWithdrawal>();
  private readonly backings = new Map<string, Backing>();
  private pendingCapital: VestingSchedule;
  private pendingLiquidity: VestingSchedule;
  private _capital = 0n;
  private _liquidity = 0n;
  private _shortfall = 0n;
  private totalShares = 0n;
  private deposits = 0n;
  private withdrawals = 0n;
  private _eventCount = 0;
  /** totals since the beginning, for reports */
  private readonly collected = {
    riskPremia: 0n,
    liquidityPremia: 0n,
    riskFunding: 0n,
    liquidityFunding: 0n,
    fees: 0n,
    /** losses of bankrupt accounts that the pool has borne */
    bankruptcies: 0n,
    trades: 0,
  };

  /**
   * @param horizonMs τ in milliseconds: how long premia and funding stay pending
   * @param bucketMs premia collected within one bucket vest together
   */
  constructor(
    readonly horizonMs: number,
    readonly bucketMs: number,
  ) {
    this.pendingCapital = new VestingSchedule(horizonMs, bucketMs);
    this.pendingLiquidity = new VestingSchedule(horizonMs, bucketMs);
  }

  /** P */
  get capital(): bigint {
    return this._capital;
  }
  /** L */
  get liquidity(): bigint {
    return this._liquidity;
  }
  /** Losses past both P and L: the exchange is insolvent by this much. */
  get shortfall(): bigint {
    return this._shortfall;
  }
  /** P_t: premia and funding of the rolling window that will be the exchange's */
  get pendingToCapital(): bigint {
    return this.pendingCapital.pending;
  }
  get pendingToLiquidity(): bigint {
    return this.pendingLiquidity.pending;
  }
  get outstandingShares(): bigint {
    return this.totalShares;
  }
  /** How many events have made this state. */
  get eventCount(): number {
    return this._eventCount;
  }
  get totals(): Readonly<typeof this.collected> {
    return this.collected;
  }

  market(name: string): Readonly<MarketBook> {
    return this.markets.get(name) ?? { size: 0n, entryNotional: 0n, fundingIndex: 0n, unsettledFunding: 0n };
  }

  marketNames(): string[] {
    return [...this.markets.keys()];
  }

  position(account: string, market: string): Position {
    return this.positions.get(account)?.get(market) ?? FLAT;
  }

  cashOf(account: string): bigint {
    return this.cash.get(account) ?? 0n;
  }

  /** Accounts that have ever deposited or traded. */
  get accountCount(): number {
    return this.cash.size;
  }

  /** Whether an account has ever deposited or traded. */
  hasAccount(account: string): boolean {
    return this.cash.has(account);
  }

  /** An account's books: cash, what it owes in funding up to now, open positions. */
  account(name: string): AccountBook {
    const positions = [...(this.positions.get(name) ?? [])].map(([market, position]) => {
      const { charge } = this.settled(name, market, this.openMarket(market));
      return { market, ...position, fundingOwed: charge };
    });
    const fundingOwed = positions.reduce((sum, position) => sum + position.fundingOwed, 0n);
    return { cash: this.cashOf(name), fundingOwed, positions };
  }

  sharesOf(provider: string): bigint {
    return this.shares.get(provider) ?? 0n;
  }

  /** What backs a provider's liquidity outside the exchange; undefined where it is cash. */
  backingOf(provider: string): Backing | undefined {
    return this.backings.get(provider);
  }

  /** Providers whose liquidity is backed outside the exchange. */
  backedProviders(): string[] {
    return [...this.backings.keys()];
  }

  lockedWithdrawals(): LockedWithdrawal[] {
    return [...this.locked.values()];
  }

  /** What would vest by `now`, without taking it. */
  dueBy(now: number): { toCapital: bigint; toLiquidity: bigint } {
    const due = (schedule: VestingSchedule) =>
      schedule
        .entries()
        .filter(({ collectedAt }) => collectedAt + this.horizonMs <= now)
        .reduce((sum, { amount }) => sum + amount, 0n);
    return { toCapital: due(this.pendingCapital), toLiquidity: due(this.pendingLiquidity) };
  }

  /** 0 where not a unit has been lost or made. */
  imbalance(): bigint {
    let held = this._capital + this._liquidity + this.pendingCapital.pending + this.pendingLiquidity.pending;
    held -= this._shortfall;
    for (const amount of this.cash.values()) held += amount;
    for (const { unsettledFunding } of this.markets.values()) held -= unsettledFunding;
    return held - (this.deposits - this.withdrawals);
  }

  apply(event: BookEvent): void {
    this._eventCount++;
    switch (event.kind) {
      case 'trade-booked':
        return this.bookTrade(event);
      case 'funding-accrued':
        return this.accrueFunding(event);
      case 'vested':
        this.credit(this.pendingCapital.vest(event.at));
        this.creditLiquidity(this.pendingLiquidity.vest(event.at));
        return;
      case 'liquidity-deposited': {
        const amount = money(event.amount, 'amount');
        const shares = money(event.shares, 'shares');
        this._liquidity += amount;
        this.deposits += amount;
        this.totalShares += shares;
        this.shares.set(event.provider, this.sharesOf(event.provider) + shares);
        return;
      }
      case 'withdrawal-locked':
        this.locked.set(event.commandId, {
          commandId: event.commandId,
          provider: event.provider,
          shares: money(event.shares, 'shares'),
          releaseAt: event.releaseAt,
        });
        return;
      case 'liquidity-withdrawn':
        return this.withdrawLiquidity(event);
      case 'liquidity-valued':
        return this.valueLiquidity(event);
      case 'account-deposited': {
        const amount = money(event.amount, 'amount');
        this.cash.set(event.account, this.cashOf(event.account) + amount);
        this.deposits += amount;
        return;
      }
      case 'account-withdrawn': {
        const amount = money(event.amount, 'amount');
        this.cash.set(event.account, this.cashOf(event.account) - amount);
        this.withdrawals += amount;
        return;
      }
      case 'collateral-moved': {
        const amount = money(event.amount, 'amount');
        this.cash.set(event.from, this.cashOf(event.from) - amount);
        this.cash.set(event.to, this.cashOf(event.to) + amount);
        return;
      }
      case 'bankruptcy-settled': {
        const loss = money(event.loss, 'loss');
        this.cash.set(event.account, this.cashOf(event.account) + loss);
        this.credit(-loss);
        this.collected.bankruptcies += loss;
        return;
      }
      case 'trade-rejected':
      case 'liquidity-rejected':
      case 'account-rejected':
        return;
    }
  }

  private bookTrade(event: TradeBooked): void {
    let cash = this.cashOf(event.account);
    for (const leg of event.legs) {
      const market = this.openMarket(leg.market);
      const held = this.settled(event.account, leg.market, market);
      cash -= held.charge;
      market.unsettledFunding -= held.charge;
      const { position, realisedPnl } = tradePosition(
        held.position,
        parseDecimal(leg.size, SIZE_DECIMALS, 'size'),
        parseDecimal(leg.price, PRICE_DECIMALS, 'price'),
      );
      market.size += position.size - held.position.size;
      market.entryNotional += position.entryNotional - held.position.entryNotional;
      this.setPosition(event.account, leg.market, { ...position, fundingIndex: market.fundingIndex });
      cash += realisedPnl;
      this.credit(-realisedPnl);
    }
    const riskPremium = money(event.riskPremium, 'riskPremium');
    const liquidityPremium = money(event.liquidityPremium, 'liquidityPremium');
    cash -= riskPremium + liquidityPremium;
    this.pendingCapital.collect(event.at, riskPremium);
    this.pendingLiquidity.collect(event.at, liquidityPremium);
    this.cash.set(event.account, cash);
    this.collected.riskPremia += riskPremium;
    this.collected.liquidityPremia += liquidityPremium;
    this.collected.trades++;
  }

  private accrueFunding(event: FundingAccrued): void {
    let toCapital = 0n;
    let toLiquidity = 0n;
    for (const [name, risk, liquidity] of event.markets) {
      const market = this.openMarket(name);
      const riskPart = money(risk, 'risk');
      const liquidityPart = money(liquidity, 'liquidity');
      toCapital += riskPart;
      toLiquidity += liquidityPart;
      market.unsettledFunding += riskPart + liquidityPart;
      if (market.size !== 0n) {
        const sign = market.size < 0n ? -1n : 1n;
        market.fundingIndex += divide(
          sign * (riskPart + liquidityPart) * INDEX_SCALE,
          sign * market.size,
          'nearest',
        );
      }
    }
    this.pendingCapital.collect(event.at, toCapital);
    this.pendingLiquidity.collect(event.at, toLiquidity);
    this.collected.riskFunding += toCapital;
    this.collected.liquidityFunding += toLiquidity;
  }

  private withdrawLiquidity(event: LiquidityWithdrawn): void {
    const shares = money(event.shares, 'shares');
    const paid = money(event.paid, 'paid');
    const fee = money(event.fee, 'fee');
    this.locked.delete(event.commandId);
    this.shares.set(event.provider, this.sharesOf(event.provider) - shares);
    this.totalShares -= shares;
    this._liquidity -= paid + fee;
    this._capital += fee;
    this.withdrawals += paid;
    this.collected.fees += fee;
  }

  /** What a fall takes beyond L has been lost to traders already: P and then nobody makes up for it. */
  private valueLiquidity(event: LiquidityValued): void {
    const amount = money(event.amount, 'amount');
    const shares = money(event.shares, 'shares');
    this.backings.set(event.provider, {
      vault: event.vault,
      amount: money(event.backing, 'backing'),
      deficit: money(event.deficit, 'deficit'),
      settled: parseDecimal(event.settled, UNIT_DECIMALS, 'settled'),
      valuedAt: event.valuedAt,
    });
    this.creditLiquidity(amount);
    if (amount > 0n) this.deposits += amount;
    else this.withdrawals -= amount;
    this.totalShares += shares;
    this.shares.set(event.provider, this.sharesOf(event.provider) + shares);
  }

  /** Adds to P; a negative amount is a loss, borne by P, then L, then nobody. */
  private credit(amount: bigint): void {
    if (amount >= 0n) {
      // What the pool earns first makes good an earlier shortfall.
      const repaid = amount < this._shortfall ? amount : this._shortfall;
      this._shortfall -= repaid;
      this._capital += amount - repaid;
      return;
    }
    const { byCapital, byLiquidity, shortfall } = absorbLoss(-amount, this._capital, this._liquidity);
    this._capital -= byCapital;
    this._liquidity -= byLiquidity;
    this._shortfall += shortfall;
  }

  /** Adds to L; where liquidity funding ran against the providers, P and then nobody makes up for what L lacks. */
  private creditLiquidity(amount: bigint): void {
    if (this._liquidity + amount >= 0n) {
      this._liquidity += amount;
      return;
    }
    const missing = -(this._liquidity + amount);
    this._liquidity = 0n;
    this.credit(-missing);
  }

  /** A position with the funding it owes since it was last touched, rounded against the trader. */
  private settled(account: string, name: string, market: MarketBook): { position: Position; charge: bigint } {
    const position = this.positions.get(account)?.get(name);
    if (position === undefined) return { position: FLAT, charge: 0n };
    const charge = divide(position.size * (market.fundingIndex - position.fundingIndex), INDEX_SCALE, 'up');
    return { position, charge };
  }

  private openMarket(name: string): MarketBook {
    let market = this.markets.get(name);
    if (market === undefined) {
      market = { size: 0n, entryNotional: 0n, fundingIndex: 0n, unsettledFunding: 0n };
      this.markets.set(name, market);
    }
    return market;
  }

  private setPosition(account: string, name: string, position: OpenPosition): void {
    let held = this.positions.get(account);
    if (held === undefined) {
      held = new Map();
      this.positions.set(account, held);
    }
    if (position.size === 0n) held.delete(name);
    else held.set(name, position);
  }

  snapshot(): LedgerSnapshot {
    return freeze(this.state());
  }

  /**
   * The snapshot in parts, made as they are asked for; for {@link restore}, in their order.
   *
   * @param size books in a part at most, a book being an account's cash or one of its positions
   * @throws {Error} where an event is applied before all of them are made
   */
  *snapshotParts(size: number): Generator<LedgerSnapshot> {
    const { eventCount } = this;
    for (const part of split(this.state(), size)) {
      if (this.eventCount !== eventCount) throw new Error('the ledger has moved under its snapshot');
      yield part;
    }
  }

  private state(): LedgerState {
    return {
      markets: [...this.markets],
      positions: [...this.positions].map(([account, held]) => [account, [...held]] as const),
      cash: [...this.cash],
      shares: [...this.shares],
      locked: [...this.locked],
      ...(this.backings.size > 0 ? { backings: [...this.backings] } : {}),
      pendingCapital: this.pendingCapital.entries(),
      pendingLiquidity: this.pendingLiquidity.entries(),
      capital: this._capital,
      liquidity: this._liquidity,
      shortfall: this._shortfall,
      totalShares: this.totalShares,
      deposits: this.deposits,
      withdrawals: this.withdrawals,
      eventCount: this._eventCount,
      collected: this.collected,
    };
  }

  /**
   * @param snapshot whole, or the first of its parts; {@link restorePart} takes the others
   * @throws {InvalidInputError} for a snapshot of another version
   */
  static restore(snapshot: LedgerSnapshot, horizonMs: number, bucketMs: number): ExchangeLedger {
    const state = thawTotals(snapshot);
    const ledger = new ExchangeLedger(horizonMs, bucketMs);
    for (const [name, market] of state.markets) ledger.markets.set(name, market);
    for (const [provider, backing] of state.backings ?? []) ledger.backings.set(provider, backing);
    ledger.pendingCapital = new VestingSchedule(horizonMs, bucketMs, state.pendingCapital);
    ledger.pendingLiquidity = new VestingSchedule(horizonMs, bucketMs, state.pendingLiquidity);
    ledger._capital = state.capital;
    ledger._liquidity = state.liquidity;
    ledger._shortfall = state.shortfall;
    ledger.totalShares = state.totalShares;
    ledger.deposits = state.deposits;
    ledger.withdrawals = state.withdrawals;
    ledger._eventCount = state.eventCount;
    Object.assign(ledger.collected, state.collected);
    ledger.restorePart(snapshot);
    return ledger;
  }

  /**
   * Takes a further part of the snapshot this ledger is restored from.
   *
   * @throws {InvalidInputError} for a part of another version
   */
  restorePart(part: LedgerSnapshot): void {
    const { positions, cash, shares, locked } = thawLists(part);
    for (const [account, held] of positions) this.positions.set(account, new Map(held));
    for (const [account, amount] of cash) this.cash.set(account, amount);
    for (const [provider, owned] of shares) this.shares.set(provider, owned);
    for (const [id, withdrawal] of locked) this.locked.set(id, withdrawal);
  }
}

function money(text: string, field: string): bigint {
  return parseDecimal(text, MONEY_DECIMALS, field);
}
