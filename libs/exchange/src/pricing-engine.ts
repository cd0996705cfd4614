// Long because it is the one door to the machine: a method for each command, and what every command does before and after.
import { ZkriskError } from '#lib/errors';
import type {
  AccountPayload,
  CovariancePayload,
  LiquidationTradePayload,
  LiquidityPayload,
  MatchPayload,
  ParameterCommandPayload,
  TradePayload,
  ValuationPayload,
  WarmUpPayload,
} from '#lib/messages';
import { MONEY_DECIMALS, toNumber } from '#lib/amounts';
import type { PassState } from '#lib/margin';
import type { FundingIntegralsState } from '#lib/risk';
import { type CapitalEpoch, capitalEpoch, NO_CAPITAL } from './accounts/capital-epoch.js';
import { AccountStandings } from './accounts/account-standing.js';
import { CreditBook } from './accounts/credit-book.js';
import {
  type LossShare,
  lossShareState,
  type LossShareState,
  restoredLossShare,
} from './accounts/loss-share.js';
import { claimsOf, type Solvency, solvencyOf } from './accounts/solvency.js';
import type { BookEvent } from './book/book-event.js';
import { BookRecorder } from './book/book-recorder.js';
import { accountsOf, type CommandKey, marketsOf } from './book/decided-command.js';
import { ExchangeLedger } from './book/exchange-ledger.js';
import { accountCommand } from './commands/account-command.js';
import { afterTrade } from './commands/after-trade.js';
import { bookMatch } from './commands/book-match.js';
import { chargeCredit } from './commands/charge-credit.js';
import { bookTrade, marginAccountOf, tradeRejected } from './commands/book-trade.js';
import type { Exchange } from './commands/exchange.js';
import { requireTradeLimit } from './commands/limits.js';
import { liquidate, takeOver } from './commands/liquidate.js';
import { reducePositions } from './commands/reduce-positions.js';
import { lossShareNow, settleLosses } from './commands/settle-losses.js';
import { setParameters } from './commands/set-parameters.js';
import { fundingAccrued, intervalEnded, vested } from './elapsed-time.js';
import { CommandIdReusedError } from './errors.js';
import type { ConfirmedMark, ObservedPrice } from './marks/confirmed-mark.js';
import { MarketBoard, type MarketBoardState } from './marks/market-board.js';
import type { MarketOrder } from './marks/market-order.js';
import { OpenMarkets } from './open-markets.js';
import type { JournalledTrade } from './operator/bust.js';
import { carryOut, changesBooks } from './operator/carry-out.js';
import { type ExchangeParameters, exchangeParameters } from './parameters/exchange-parameters.js';
import { riskRules } from './parameters/risk-rules.js';
import { LiquidityShares } from './shares/liquidity-shares.js';
import { type AssessedBook, StandingBook } from './standing-book.js';
import type { TradePrice } from './trades/trade-price.js';

export interface PricingEngineState {
  readonly board: MarketBoardState;
  /** bars that markets have and need, before the first forecast */
  readonly warmUp: WarmUpPayload['markets'];
  /** funding since it was made exact last; null before the first forecast */
  readonly funding: FundingIntegralsState | null;
  /** capital that margins are measured against */
  readonly epoch: CapitalEpoch;
  /** market time since which the pool cannot pay everybody; null while it can */
  readonly insolventSince: number | null;
  /** how the loss of now would be shared; null while there is none */
  readonly lossShare: LossShareState | null;
  /** the pass over the accounts that sums the cost of defaults */
  readonly credit?: PassState;
  /** market time at which funding of all markets was made exact last */
  readonly settledAt: number;
  /** of the forecast that holds; null before the first one */
  readonly forecastId: string | null;
}

/** Accounts that are counted anew with a command, and with prices, while a pass goes on. */
const COUNTED_WITH_COMMAND = 32;
const COUNTED_WITH_PRICES = 4096;
/** How long the pool is given to recover before its losses are shared. */
const SHARED_AFTER_MS = 3_600_000;
/** The sums of a loss are counted anew after this at most: a count walks all accounts. */
const COUNTED_AGAIN_MS = 60_000;
const DAY_MS = 86_400_000;
/** Liquidity commands that are executed, or paid, in one step at most. */
const MOST_AT_ONCE = 16;

/**
 * The exchange's decisions: marks and forecast, the exact ledger, and the same book in floats for pricing. It decides
 * the price of every command and returns the book events; the ledger changes by those events only. A pure machine.
 */
export class PricingEngine implements Exchange {
  readonly board: MarketBoard;
  /** shares of liquidity providers, and the outcomes of their commands */
  readonly shares: LiquidityShares;
  /** margin of the traders' accounts */
  readonly accounts: AccountStandings;
  readonly standing: StandingBook;
  /** cost of defaults */
  readonly credit: CreditBook;
  private epoch: CapitalEpoch;
  private insolventSince: number | null;
  private shared: LossShare | undefined;
  private readonly open: OpenMarkets;
  private settledAt: number;
  private solvent: Solvency | undefined;
  private recorder: BookRecorder | undefined;
  /** events of marks that no caller has taken yet */
  private matured: BookEvent[] = [];

  constructor(
    public parameters: ExchangeParameters,
    readonly ledger: ExchangeLedger,
    state?: PricingEngineState,
    forecast?: CovariancePayload,
  ) {
    this.board = new MarketBoard(parameters.marks, state?.board, forecast);
    if (state !== undefined) this.board.setWarmUp(state.warmUp);
    this.open = new OpenMarkets(ledger, this.board);
    this.epoch = state?.epoch ?? NO_CAPITAL;
    this.insolventSince = state?.insolventSince ?? null;
    this.shared = state?.lossShare ? restoredLossShare(state.lossShare) : undefined;
    this.accounts = new AccountStandings(
      ...([ledger, this.board] as const),
      () => this.parameters.rules,
      () => this.epoch.capital,
    );
    this.credit = new CreditBook(
      ...([ledger, this.board, this.accounts] as const),
      () => ({ rules: this.parameters.rules, capital: this.epoch.capital }),
      state?.credit,
    );
    this.settledAt = state?.settledAt ?? 0;
    this.standing = new StandingBook(parameters, ledger, this.board, state?.funding);
    this.shares = new LiquidityShares(
      ...([ledger, parameters, parameters.horizonMs] as const),
      () => (this.ready() ? this.assessment() : undefined),
      // A loss past the pool is shared before anybody comes or goes: new money does not pay.
      (time) => this.open.markedSince(time) && !this.solvency().insolvent,
      () => this.open.drift(),
    );
  }

  snapshot(): PricingEngineState {
    return { ...this.small(), board: this.board.snapshot() };
  }

  /** The {@link snapshot} with those markets alone whose marks have changed since this was called last. */
  changes(): PricingEngineState {
    return { ...this.small(), board: this.board.changes() };
  }

  private small(): Omit<PricingEngineState, 'board'> {
    const forecastId = this.board.latestForecast?.forecastId ?? null;
    const pass = this.credit.passState();
    const { warmUp } = this.board;
    return {
      ...{ funding: this.standing.snapshot(), settledAt: this.settledAt, epoch: this.epoch, forecastId },
      ...{ insolventSince: this.insolventSince, warmUp },
      lossShare: this.shared === undefined ? null : lossShareState(this.shared),
      ...(pass === undefined ? {} : { credit: pass }),
    };
  }

  /** Takes over another process's changes of the book: events, marks, a newer forecast. */
  follow(events: readonly BookEvent[], state: PricingEngineState, forecast?: CovariancePayload): void {
    for (const event of events) {
      this.ledger.apply(event);
      this.adopt(event, marketsOf(event));
    }
    this.board.takeOver(state.board);
    this.board.setWarmUp(state.warmUp);
    if (forecast !== undefined) this.board.setForecast(forecast);
    this.epoch = state.epoch;
    this.insolventSince = state.insolventSince;
    this.shared = state.lossShare ? restoredLossShare(state.lossShare) : undefined;
    this.standing.reload(state.funding);
    this.settledAt = state.settledAt;
    this.open.reload();
    this.solvent = undefined;
  }

  /**
   * Takes an observed price; events of commands that waited for its marks are kept for {@link takeMatured}.
   *
   * @returns the marks that it confirms
   * @throws {TickRefusedError} for one that is not taken
   */
  take(tick: ObservedPrice): readonly ConfirmedMark[] {
    const from = this.board.now;
    const confirmed = this.board.take(tick);
    this.marked(from, confirmed);
    return confirmed;
  }

  /**
   * Carries out an order of the operator; its events are kept for {@link takeMatured}.
   *
   * @param journalled of an order that takes a trade back: the trade, where the journal has it
   * @throws {ZkriskError} for one that is not taken
   */
  order(order: MarketOrder, journalled?: JournalledTrade): void {
    const from = this.board.now;
    // Funding up to now is of the books as they were.
    if (changesBooks(order)) this.matured.push(...this.settleTime());
    const book = (event: BookEvent) => {
      this.apply(event);
      this.matured.push(event);
    };
    const confirmed = carryOut(this, order, journalled, book, (accounts) => {
      this.matured.push(...this.chargeCredit(accounts, true));
    });
    this.marked(from, confirmed);
  }

  /** Takes a source's word that nothing at or before `until` will follow. @throws {TickRefusedError} */
  watermark(until: number, appendedAt?: number): void {
    const from = this.board.now;
    this.board.watermark(until, appendedAt);
    this.marked(from, []);
  }

  /** Time has passed at the marks that there were, then marks have been confirmed. */
  private marked(from: number, confirmed: readonly ConfirmedMark[]): void {
    const { now } = this.board;
    // Charges have accrued.
    this.solvent = undefined;
    this.open.timePassed();
    this.standing.passTime(now - from);
    if (confirmed.length === 0) return;
    for (const { market } of confirmed) {
      this.standing.marked(market);
      this.recorder?.marked(market);
      this.open.touch(market);
    }
    if (this.liquidityIsDue()) this.matured.push(...this.settleTime());
    this.matured.push(...this.countCredit(COUNTED_WITH_PRICES));
  }

  /** Events that marks have brought, which are applied and have to be journalled. */
  takeMatured(): BookEvent[] {
    const events = this.matured;
    this.matured = [];
    return events;
  }

  /** Takes a new forecast, after funding at the old rates up to now. */
  setForecast(forecast: CovariancePayload): BookEvent[] {
    // Refused before anything has been applied: applied events must be journalled.
    const putInForce = this.board.prepareForecast(forecast);
    const events = this.settleTime();
    putInForce();
    this.standing.reload();
    this.credit.begin();
    return [...events, ...this.countCredit()];
  }

  /**
   * Events of market time and marks alone, in order: funding since it was made exact last, vesting, locked withdrawals
   * that have come due, and liquidity commands that have waited for these marks.
   *
   * @param markets whose funding is made exact; by default all
   */
  settleTime(markets?: readonly string[]): BookEvent[] {
    const { now } = this.board;
    const events = intervalEnded(this.settledAt, now) ? this.settle(undefined) : [];
    this.renewEpoch();
    events.push(...this.shareLosses());
    const due = this.liquidityIsDue();
    // Before shares are valued, earnings are vested to the millisecond, and all funding is exact.
    events.push(...this.settle(due ? undefined : markets), ...this.beginWindow());
    if (due || now >= this.ledger.nextVesting()) events.push(...this.happened(vested(this.ledger, now)));
    for (let i = 0; due && i < MOST_AT_ONCE && this.liquidityIsDue(); i++)
      events.push(...this.happened(this.dueLiquidity(now)));
    return events;
  }

  /** A day has begun: gains are counted from its marks on. Nobody has any before there is a position. */
  private beginWindow(): BookEvent[] {
    const { now } = this.board;
    const began = this.ledger.gainsSince;
    if (began !== undefined && Math.floor(now / DAY_MS) <= Math.floor(began / DAY_MS)) return [];
    const marks = this.ledger.marketNames().flatMap((market) => {
      const mark = this.board.mark(market);
      return this.ledger.isOpen(market) && mark !== undefined ? [[market, mark.text] as const] : [];
    });
    return marks.length === 0 ? [] : this.happened({ kind: 'window-begun', at: now, marks });
  }

  /**
   * A shortfall that has lasted for an hour is shared among those who have gained, at marks that are good in every market;
   * then the pool's position becomes as small as its capital.
   */
  private shareLosses(): BookEvent[] {
    const { now } = this.board;
    if (!this.solvency().insolvent) {
      this.insolventSince = null;
      this.shared = undefined;
    } else {
      this.insolventSince ??= now;
      if (this.shared === undefined || now - this.shared.at >= COUNTED_AGAIN_MS)
        this.shared = lossShareNow(this);
    }
    if (this.insolventSince === null || now - this.insolventSince < SHARED_AFTER_MS || !this.ready())
      return [];
    for (const market of this.open.names()) if (!this.board.permits(market, 'withdraw')) return [];
    const events = this.settle(undefined);
    for (const event of settleLosses(this, now)) events.push(...this.happened(event));
    this.insolventSince = null;
    this.shared = undefined;
    const { exposure } = this.assessment().assessment;
    // P + L less the traders' gains at marks: realised or not, they are not the pool's.
    const most = Math.max(0, -exposure.mean);
    const risk = exposure.volatility * Math.sqrt(-2 * Math.log(this.parameters.alpha));
    for (const event of reducePositions(this, now, risk > 0 ? 1 - most / risk : 0))
      events.push(...this.happened(event));
    return events;
  }

  /** K of the day. */
  private renewEpoch(): void {
    const { capital, liquidity } = this.ledger;
    this.epoch = capitalEpoch(this.epoch, this.board.now, toNumber(capital + liquidity, MONEY_DECIMALS));
  }

  /**
   * Makes funding exact. Only commands and forecasts do: prices alone bring no such event, so that whoever watches both never sees
   * them in an order that is a matter of chance.
   */
  private settle(markets: readonly string[] | undefined): BookEvent[] {
    if (markets === undefined) this.settledAt = this.board.now;
    else if (markets.length === 0) return [];
    return this.happened(fundingAccrued(this.ledger, this.standing.settleFunding(markets), this.board.now));
  }

  private happened(event: BookEvent | undefined): BookEvent[] {
    if (event === undefined) return [];
    this.apply(event);
    return [event];
  }

  private liquidityIsDue(): boolean {
    const locked = this.ledger.nextLocked();
    const waiting = this.ledger.nextWaiting();
    const releasable =
      locked !== undefined && locked.releaseAt <= this.board.now && this.open.markedSince(locked.releaseAt);
    const executable = waiting !== undefined && this.open.markedSince(waiting.askedAt);
    return (releasable || executable) && !this.solvency().insolvent;
  }

  private dueLiquidity(at: number): BookEvent {
    const locked = this.ledger.nextLocked();
    if (locked !== undefined && locked.releaseAt <= at && this.open.markedSince(locked.releaseAt))
      return this.shares.release(locked, at);
    const waiting = this.ledger.nextWaiting()!;
    try {
      return this.shares.execute(waiting, at);
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return liquidityRejected(waiting, error, at);
    }
  }

  /** {@link StandingBook.price}, within the limit of a trade. */
  price(...asked: Parameters<StandingBook['price']>): TradePrice {
    const price = this.standing.price(...asked);
    requireTradeLimit(this, price.legs);
    return price;
  }

  /**
   * Books a trade, or its refusal.
   *
   * @param problem why it is refused, where that was known before: it states terms that nobody has quoted
   */
  book(command: TradePayload, time: number, problem?: ZkriskError): BookEvent[] {
    const account = marginAccountOf(command);
    return this.decide(
      time,
      (at) => {
        if (problem !== undefined) throw problem;
        return [bookTrade(this, command, at)];
      },
      (error, at) => tradeRejected(command, account, error, at),
      {
        markets: command.legs.map(({ market }) => market),
        after: (at) => afterTrade(this.ledger, account, at, undefined),
      },
    );
  }

  /** Books trades that were matched elsewhere, all, or their refusal. */
  match(command: MatchPayload, time: number): BookEvent[] {
    return this.decide(
      time,
      (at) => [bookMatch(this, command, at)],
      ({ code, message }, at) => ({
        ...{ kind: 'match-rejected', at, matchId: command.matchId, code, reason: message },
        ...(command.by === undefined ? {} : { by: command.by }),
      }),
      { markets: [...new Set([...command.fills, ...command.pool].map(({ market }) => market))] },
    );
  }

  /** Executes a liquidation plan, or refuses it. */
  liquidate(command: LiquidationTradePayload, time: number): BookEvent[] {
    const { planId, account } = command;
    return this.decide(
      time,
      (at) => (command.prices === undefined ? liquidate(this, command, at) : [takeOver(this, command, at)]),
      (error, at) => tradeRejected({ tradeId: planId, planId }, account, error, at),
      {
        markets: this.ledger.account(account).positions.map(({ market }) => market),
        after: (at) => afterTrade(this.ledger, account, at, planId),
      },
    );
  }

  /** Books a command of a trader, or its refusal. */
  account(command: AccountPayload, time: number): BookEvent[] {
    const { commandId, account } = command;
    return this.decide(
      time,
      (at) => [accountCommand(this, command, at)],
      ({ code, message }, at) => ({
        ...{ kind: 'account-rejected', at, commandId, account, code, reason: message },
      }),
      // Deposits depend on no funding.
      command.kind === 'deposit' ? { markets: [] } : {},
    );
  }

  /** Puts other risk parameters in force, or books the refusal. */
  setParameters(command: Omit<ParameterCommandPayload, 'seal'>, time: number): BookEvent[] {
    return this.decide(
      time,
      (at) => [setParameters(this, command, at)],
      ({ code, message }, at) => ({
        ...{ kind: 'parameters-rejected', at, commandId: command.commandId, code, reason: message },
      }),
    );
  }

  /** Books a deposit or withdrawal of a liquidity provider, that it waits for the next marks, or its refusal. */
  liquidity(command: LiquidityPayload, time: number): BookEvent[] {
    return this.decide(
      time,
      (at) => [this.shares.decide(command, at)],
      (error, at) => liquidityRejected(command, error, at),
    );
  }

  /**
   * Books a vault's new value as its provider's part of L. One that is not newer than the last changes nothing: it has come
   * twice, or late.
   *
   * @returns with why it was refused, where it was
   */
  valuation(
    valuation: Omit<ValuationPayload, 'seal'>,
    time: number,
  ): { events: BookEvent[]; refusal?: string } {
    const last = this.ledger.backingOf(valuation.provider);
    if (last !== undefined && time <= last.valuedAt) return { events: [] };
    const events = this.settleTime();
    try {
      const event = this.shares.valueVault(valuation, this.timeFor(time), time);
      this.apply(event);
      return { events: [...events, event] };
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return { events, refusal: `${error.code}: ${error.message}` };
    }
  }

  /** Goes on with the pass over the accounts: their charge for the default option follows the marks. */
  private countCredit(most = COUNTED_WITH_COMMAND): BookEvent[] {
    const counted = this.credit.sweep(most);
    return counted.length > 0 && this.ready()
      ? this.chargeCredit(this.credit.chargeable(counted), false)
      : [];
  }

  /** @param touched whether a command has changed them */
  private chargeCredit(accounts: Iterable<string>, touched: boolean): BookEvent[] {
    const events: BookEvent[] = [];
    if (!this.ready()) return events;
    for (const account of accounts) {
      const event = chargeCredit(this, account, this.board.now, touched);
      if (event === undefined) continue;
      this.apply(event);
      events.push(event);
    }
    return events;
  }

  /** Books that a command was refused because its owner had used its id for another one. */
  reused({ topic, owner, id }: CommandKey, time: number): BookEvent {
    const { code, message } = new CommandIdReusedError(id);
    const event: BookEvent = {
      ...{ kind: 'command-id-reused', at: this.timeFor(time), topic, owner, commandId: id },
      ...{ code, reason: message },
    };
    this.apply(event);
    return event;
  }

  /**
   * Settles elapsed time, then applies the command; returns its events, or its refusal's.
   *
   * @param markets whose funding the command depends on; by default all
   * @param after events that follow when it has been booked
   */
  private decide(
    time: number,
    command: (at: number) => BookEvent[],
    refusal: (error: ZkriskError, at: number) => BookEvent,
    {
      markets,
      after,
    }: {
      readonly markets?: readonly string[];
      readonly after?: (at: number) => BookEvent | undefined;
    } = {},
  ): BookEvent[] {
    const events = this.settleTime(markets);
    const at = this.timeFor(time);
    try {
      const decided = command(at);
      for (const event of decided) this.apply(event);
      events.push(...decided);
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      const rejected = refusal(error, at);
      this.apply(rejected);
      return [...events, rejected];
    }
    const touched = new Set<string>();
    for (const event of events) for (const account of accountsOf(event)) touched.add(account);
    events.push(...this.chargeCredit(touched, true), ...this.countCredit());
    const closing = after?.(at);
    if (closing === undefined) return events;
    this.apply(closing);
    return [...events, closing];
  }

  /** When a command is decided: at market time, whatever it is dated; its own time counts before the first price. */
  private timeFor(dated: number): number {
    return this.board.now === 0 ? dated : this.board.now;
  }

  /** Parameters and credit follow the books. */
  private adopt(event: BookEvent, markets: readonly string[]): void {
    if (event.kind === 'parameters-set') {
      const rules = riskRules(event.version, event.parameters);
      this.parameters = exchangeParameters(rules, this.parameters.marks.orderSecret);
      this.board.setMarkParameters(this.parameters.marks);
    }
    if (event.kind === 'market-rescaled' && event.last) this.credit.rescaled(event.market, Number(event.to));
    if (event.kind === 'market-delisted') this.credit.delisted(event.market);
    for (const account of accountsOf(event))
      if (markets.length === 0) this.credit.cashChanged(account);
      else this.credit.enter(account);
  }

  /** Records changes of the pool's book from now on, for receipts of trades. */
  recordChanges(): BookRecorder {
    this.recorder = new BookRecorder(this.ledger, this.board, this.standing);
    return this.recorder;
  }

  private apply(event: BookEvent): void {
    const markets = marketsOf(event);
    if (this.recorder === undefined) this.ledger.apply(event);
    else
      this.recorder.record(event, markets, () => {
        this.ledger.apply(event);
      });
    this.adopt(event, markets);
    this.standing.capitalChanged();
    this.solvent = undefined;
    for (const market of markets) {
      this.standing.booked(market);
      this.open.touch(market);
    }
  }

  /** K: capital that margins and caps are measured against, money */
  get marginCapital(): number {
    return this.epoch.capital;
  }

  /** Whether there is a forecast and a mark for each of its markets. */
  ready(): boolean {
    return this.standing.ready();
  }

  /** The standing book's figures. @throws {NoForecastError} */
  assessment(): AssessedBook {
    return this.standing.assessment();
  }

  lossShare(): LossShare | undefined {
    if (!this.solvency().insolvent) return undefined;
    return this.shared ?? lossShareNow(this);
  }

  heldLosses(): readonly string[] {
    const { markets, loss } = this.open.held();
    if (loss === 0n) return [];
    const { insolvent } = solvencyOf(this.ledger, this.open.unrealised + loss, this.board.now);
    return insolvent ? markets : [];
  }

  /** The traders' equity at current marks, money in the books' units. */
  get claims(): bigint {
    return claimsOf(this.ledger, this.open.unrealised, this.board.now);
  }

  /** Whether the pool can pay the traders' equity, at current marks. */
  solvency(): Solvency {
    return (this.solvent ??= solvencyOf(this.ledger, this.open.unrealised, this.board.now));
  }
}

function liquidityRejected(
  { commandId, provider }: { readonly commandId: string; readonly provider: string },
  { code, message }: ZkriskError,
  at: number,
): BookEvent {
  return { kind: 'liquidity-rejected', at, commandId, provider, code, reason: message };
}
