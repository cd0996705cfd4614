// Long because it is one list: a handler for each topic, which ends in the one `commit`.
import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ZkriskError } from '#lib/errors';
import {
  type AccountPayload,
  type BookCommitmentPayload,
  type CovariancePayload,
  type LiquidationTradePayload,
  type LiquidityPayload,
  type MatchPayload,
  type Message,
  outgoing,
  outgoingText,
  type ParameterCommandPayload,
  type ParametersPayload,
  type PlanPayload,
  type PricePayload,
  TOPICS,
  type TradePayload,
  type ValuationPayload,
  type WarmUpPayload,
} from '#lib/messages';
import { ConsumeContext, type Lane, type LaneOwner } from '#lib/events';
import {
  accountsOf,
  accountState,
  type BookEvent,
  type BookRecorder,
  type CommandKey,
  commandKeyText,
  commandOf,
  contentDigest,
  ExchangeLedger,
  exchangeParameters,
  isRefusal,
  matchKey,
  type JournalledTrade,
  poolState,
  PricingEngine,
  requireParameterSeal,
  requireValuationSeal,
  takeTicks,
  type TickTaker,
  vestingOf,
} from '#lib/exchange';
import { formatMoney, partsOf } from '#lib/amounts';
import type { Headers } from '#lib/runtime';
import type { IncludedAccount, TradeReceipt } from '#lib/commitment';
import type { BookCommitments } from './book/book-commitments.js';
import { planInclusion } from './book/plan-inclusion.js';
import { NoReceiptError, type TradeJournals } from './book/trade-journals.js';
import { BookFollower } from './book-follower.js';
import { CommandOutcomes } from './command-outcomes.js';
import type { LedgerSnapshots } from './ledger-snapshots.js';
import { beginsMinute, marketSample } from './market-sample.js';
import { ParameterVersions } from './parameter-versions.js';
import type { PricerConfig } from './pricer.config.js';
import type { PricerRepository } from './pricer.repository.js';
import type { QuoteSeal } from './quote-seal.js';
import { termsProblem } from './quoted-trade.js';

/** Accounts that are counted at a start in one turn of the event loop. */
const ACCOUNTS_AT_ONCE = 1000;
const NO_HEADERS: Headers = {};

/** One book for the whole exchange: one process writes it. */
export const PRICER_LANE: Lane = { name: 'pricer', spread: 'single', shared: true };

/** After so long decisions let the rest of the process go on: the relay of earlier messages, and quotes. */
const LONGEST_SPELL_MS = 5;

/**
 * Consumes prices, forecasts, trades and liquidity commands; the only writer of the book. A batch's events are
 * journalled, applied and published in the transaction that consumed it.
 */
export class PricerService implements LaneOwner {
  private readonly logger = new Logger(PricerService.name);
  private current: PricingEngine;
  private readonly outcomes: CommandOutcomes;
  private insolvent = false;
  private readonly versions: ParameterVersions;
  /** of the writer */
  private recorder: BookRecorder | undefined;
  /** the last commitment to the book has failed: the next one is waited for */
  private commitsAlone = false;

  private readonly follower: BookFollower;

  constructor(
    private readonly config: PricerConfig,
    private readonly repository: PricerRepository,
    private readonly snapshots: LedgerSnapshots,
    private readonly commitments: BookCommitments,
    private readonly journals: TradeJournals,
    private readonly seal: QuoteSeal,
  ) {
    const { FIRST_PARAMETERS, MARKET_ORDER_SECRET } = config;
    this.outcomes = new CommandOutcomes((keys) => repository.outcomes(keys));
    this.versions = new ParameterVersions(repository, FIRST_PARAMETERS);
    const { horizonMs, bucketMs } = vestingOf(FIRST_PARAMETERS);
    const parameters = exchangeParameters(FIRST_PARAMETERS, MARKET_ORDER_SECRET);
    this.current = new PricingEngine(parameters, new ExchangeLedger(horizonMs, bucketMs));
    this.follower = new BookFollower(
      repository,
      () => ({
        events: this.current.ledger.eventCount,
        forecastId: this.current.board.latestForecast?.forecastId,
      }),
      ({ events, state, forecast }) => {
        this.current.follow(events, state, forecast);
        this.announce(events);
      },
    );
  }

  get engine(): PricingEngine {
    return this.current;
  }

  /** @throws {ReplicaBehindError} where this process neither writes the book nor has seen it lately */
  requireFresh(): void {
    this.follower.requireFresh();
  }

  /** The book is somebody else's to write: it is followed. */
  async follow(): Promise<void> {
    await this.load();
    this.follower.start();
  }

  release(): void {
    // Not waited for: the next writer does not mind it.
    void this.snapshots.stop();
    void this.commitments.stop();
    this.repository.forgetDecided();
    this.follower.start();
  }

  async close(): Promise<void> {
    await Promise.all([
      ...[this.follower.stop(), this.snapshots.close()],
      ...[this.commitments.close(), this.journals.stop()],
    ]);
  }

  /** The book is ours to write: the state of the tables is taken up. */
  async restore(): Promise<void> {
    await this.follower.stop();
    this.repository.knowDecided();
    this.snapshots.start(await this.load());
    this.commitments.start(this.current.ledger);
    await this.journals.restore(this.current.ledger);
    this.recorder = this.current.recordChanges();
  }

  /** Where an account stands in a book that was committed to: {@link BookCommitments.inclusion}. */
  inclusion(account: string, barEnd: number | undefined): Promise<IncludedAccount> {
    return this.commitments.inclusion(account, barEnd);
  }

  /**
   * The receipt of a trade: {@link TradeJournals.receipt}.
   *
   * @param event that decided it
   */
  async receipt(tradeId: string, event: BookEvent): Promise<TradeReceipt> {
    const key = commandOf(event);
    const sequence = key && (await this.repository.sequenceOf(key));
    if (sequence === undefined) throw new NoReceiptError(tradeId);
    return this.journals.receipt({ sequence, event, tradeId });
  }

  /** An entry of a journal without its event: {@link TradeJournals.entry}. */
  async journalEntry(barEnd: number, index: number): Promise<TradeReceipt> {
    return (await this.journals.entry(barEnd, index)).receipt;
  }

  /** An entry of a journal with its event, whoever’s it is. */
  async journalOpening(barEnd: number, index: number): Promise<TradeReceipt> {
    const { receipt, sequence } = await this.journals.entry(barEnd, index);
    const event = await this.repository.eventAt(sequence);
    if (event === undefined) throw new NoReceiptError(`event ${sequence}`);
    return this.journals.withEvent(receipt, sequence, event);
  }

  /**
   * @returns events the newest snapshot has
   * @throws {InvalidInputError} where FIRST_PARAMETERS have another model than the book
   */
  private async load(): Promise<number> {
    const { FIRST_PARAMETERS, MARKET_ORDER_SECRET } = this.config;
    const { ledger, snapshotAt } = await this.repository.loadLedger(vestingOf(FIRST_PARAMETERS));
    const { state, forecast, parameters } = await this.repository.loadState();
    const holds = exchangeParameters(this.versions.inForce(parameters), MARKET_ORDER_SECRET);
    this.current = new PricingEngine(holds, ledger, state, forecast);
    for (const _ of this.current.credit.prepare(ACCOUNTS_AT_ONCE)) await turn();
    return snapshotAt;
  }

  async onPrices(messages: readonly Message<PricePayload>[], context: ConsumeContext): Promise<void> {
    const before = this.current.board.now;
    takeTicks(messages, context, await this.taker(messages, context));
    await this.commit(context, this.current.takeMatured());
    if (!beginsMinute(before, this.current.board.now)) return;
    const sample = marketSample(this.current);
    const header = { id: `sample@${sample.at}`, sequence: sample.at, time: sample.at };
    context.publish(outgoing(TOPICS.samples, 'exchange', header, sample));
  }

  /** The engine, with the trades of the journal that orders among these messages take back. */
  private async taker(
    messages: readonly Message<PricePayload>[],
    { manager }: ConsumeContext,
  ): Promise<TickTaker> {
    const engine = this.current;
    const trades = new Map<string, JournalledTrade>();
    for (const { payload } of messages) {
      if (payload.kind !== 'order' || payload.trade === undefined) continue;
      const found = await this.repository.journalledTrade(payload.trade, manager);
      if (found !== undefined) trades.set(JSON.stringify(payload.trade), found);
    }
    if (trades.size === 0) return engine;
    return {
      watermark: (until, appendedAt) => {
        engine.watermark(until, appendedAt);
      },
      take: (tick) => {
        engine.take(tick);
      },
      order: (order) => {
        const key = JSON.stringify(order.trade);
        const trade = trades.get(key);
        engine.order(order, trade);
        // The same trade is not taken back twice within a batch either.
        if (trade !== undefined && order.order === 'bust') trades.set(key, { ...trade, busted: true });
      },
    };
  }

  /** How far markets are from their first forecast; no decision depends on this. */
  async onWarmUp(messages: readonly Message<WarmUpPayload>[], context: ConsumeContext): Promise<void> {
    this.current.board.setWarmUp(messages.at(-1)?.payload.markets ?? []);
    await this.repository.saveState(context.manager, this.current.changes());
  }

  async onForecasts(messages: readonly Message<CovariancePayload>[], context: ConsumeContext): Promise<void> {
    const events: BookEvent[] = [];
    for (const [index, { payload }] of messages.entries()) {
      try {
        events.push(...this.current.setForecast(payload));
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        context.reject(index, error.message);
      }
    }
    await this.commit(context, events);
    const forecast = this.current.board.latestForecast;
    if (forecast !== undefined) await this.repository.saveForecast(context.manager, forecast);
    if (!this.current.ready()) return;
    const record = this.current.standing.riskRecord();
    await this.repository.saveRisk(context.manager, record.at, record);
    const { forecastId, barEnd } = this.current.board.latestForecast!;
    await this.commitToBook({ barEnd, forecastId }, record.at, context);
    context.publish(
      outgoing(
        TOPICS.risk,
        'exchange',
        { id: `risk@${record.at}`, sequence: record.at, time: record.at },
        record,
      ),
    );
  }

  /**
   * Commits to the book as it is now, and publishes it with its commitment when the thread has hashed it: the next commands are decided meanwhile.
   * After a failure the bar is committed to once more while nothing else is decided, and goes without a commitment where that fails too: the
   * next one then has its changes as well.
   */
  private async commitToBook(
    at: { readonly barEnd: number; readonly forecastId: string },
    time: number,
    context: ConsumeContext,
  ): Promise<void> {
    const { manager } = context;
    const { ledger } = this.current;
    const book = this.current.standing.record();
    const journal = this.journals.close(ledger, at);
    const { answer } = await this.commitments.commit(at, journal.opening);
    const message = (commitment: BookCommitmentPayload | null) => {
      const header = { id: `book@${time}`, sequence: time, time };
      return outgoing(TOPICS.standingBooks, 'exchange', header, { ...book, commitment });
    };
    if (!this.commitsAlone) {
      this.recorder?.begin();
      const published = answer.then(async (committed) => {
        if (committed === null) {
          this.commitsAlone = true;
          throw new Error(`the book of ${at.forecastId} is committed to again`);
        }
        await journal.keep(manager, committed.journal);
        return [message(committed.book)];
      });
      context.publishLater(published);
      return;
    }
    const committed = await answer;
    if (committed === null) await this.journals.restore(ledger, manager);
    else {
      await journal.keep(manager, committed.journal);
      this.recorder?.begin();
    }
    context.publish(message(committed?.book ?? null));
    context.afterCommit(() => (this.commitsAlone = false));
  }

  onTrades(messages: readonly Message<TradePayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ account, tradeId }) => ({ topic: TOPICS.trades.name, owner: account, id: tradeId }),
      (trade, time, index) => {
        const at = context.appendedAt(index) ?? time;
        const problem = termsProblem(trade, this.seal, this.config.MATCHING_ENGINE_SECRET, at);
        return this.current.book(trade, time, problem);
      },
    );
  }

  onMatches(messages: readonly Message<MatchPayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(messages, context, matchKey, (match, time) => this.current.match(match, time));
  }

  /** Places of liquidated accounts in the book of the bar before, for the plans that can be proven and attested. */
  async onPlans(messages: readonly Message<PlanPayload>[], context: ConsumeContext): Promise<void> {
    for (const message of messages) {
      const inclusion = await planInclusion(message, this.commitments);
      if (inclusion !== undefined) context.publish(inclusion);
    }
  }

  onLiquidationTrades(
    messages: readonly Message<LiquidationTradePayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ account, planId }) => ({
        topic: TOPICS.liquidationTrades.name,
        owner: partsOf(account).account,
        id: planId,
      }),
      (trade, time) => this.current.liquidate(trade, time),
    );
  }

  onLiquidity(messages: readonly Message<LiquidityPayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ provider, commandId }) => ({ topic: TOPICS.liquidity.name, owner: provider, id: commandId }),
      (command, time) => this.current.liquidity(command, time),
    );
  }

  /** Changes of the risk parameters: those that the operator has not sealed are decided nowhere. */
  onParameterCommands(
    messages: readonly Message<ParameterCommandPayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ commandId }) => ({ topic: TOPICS.parameterCommands.name, owner: 'operator', id: commandId }),
      (command, time) => this.current.setParameters(command, time),
      (command) => {
        requireParameterSeal(this.config.MARKET_ORDER_SECRET, command);
      },
    );
  }

  async onValuations(messages: readonly Message<ValuationPayload>[], context: ConsumeContext): Promise<void> {
    const events: BookEvent[] = [];
    for (const [index, { payload, time }] of messages.entries()) {
      try {
        requireValuationSeal(this.config.VALUATION_SECRET, payload, time);
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        context.reject(index, error.message);
        continue;
      }
      const { events: booked, refusal } = this.current.valuation(payload, time);
      events.push(...booked);
      if (refusal !== undefined) context.reject(index, refusal);
    }
    await this.commit(context, events);
  }

  onAccounts(messages: readonly Message<AccountPayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ account, commandId }) => ({ topic: TOPICS.accounts.name, owner: account, id: commandId }),
      (command, time) => this.current.account(command, time),
    );
  }

  /**
   * Decides each command once, by its key, and books its events. The same content again changes nothing; another
   * content under a used id is refused, and booked nowhere.
   */
  private async decide<Payload>(
    messages: readonly Message<Payload>[],
    context: ConsumeContext,
    keyOf: (payload: Payload) => CommandKey,
    book: (payload: Payload, time: number, index: number) => BookEvent[],
    check: (payload: Payload) => void = () => undefined,
  ): Promise<void> {
    const keys = messages.map(({ payload }) => keyOf(payload));
    const decided = await this.repository.digests(keys, context.manager);
    const events: BookEvent[] = [];
    const origins = new Map<string, Headers>();
    const reused: string[] = [];
    let began = performance.now();
    for (const [index, { payload, time }] of messages.entries()) {
      if (performance.now() - began > LONGEST_SPELL_MS) {
        await turn();
        began = performance.now();
      }
      const key = commandKeyText(keys[index]);
      const digest = contentDigest(payload);
      try {
        check(payload);
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        context.reject(index, error.message);
        continue;
      }
      const before = decided.get(key);
      if (before !== undefined) {
        if (before === digest) continue;
        context.reject(index, `the id ${keys[index].id} was used for another command`);
        // REST answers 409; whoever reads the book is told as well.
        events.push(this.current.reused(keys[index], time));
        reused.push(key);
        continue;
      }
      for (const event of book(payload, time, index)) {
        const decides = commandOf(event);
        // Written into the event, which is ours alone: a copy of one takes longer than deciding some.
        if (decides !== undefined && commandKeyText(decides) === key) Object.assign(event, { digest });
        events.push(event);
      }
      decided.set(key, digest);
      origins.set(key, context.headersOf(index));
    }
    await this.commit(context, events, origins);
    context.afterCommit(() => {
      for (const key of reused) this.outcomes.reused(key);
    });
  }

  /** Changes of the risk parameters, newest first. */
  parameterChanges(limit: number): Promise<ParametersPayload[]> {
    return this.repository.parameterChanges(limit);
  }

  /** The outcome of a command: {@link CommandOutcomes.outcome}. */
  outcome(key: CommandKey, digest: string, timeoutMs: number): Promise<BookEvent | undefined> {
    return this.outcomes.outcome(key, digest, timeoutMs);
  }

  /** Outcomes of trades with an id, of any account: the caller checks who may see them. */
  tradesOfAnyone(tradeId: string, topic: { readonly name: string } = TOPICS.trades): Promise<BookEvent[]> {
    return this.repository.outcomesOfAnyone(topic.name, tradeId);
  }

  /** @param origins headers of the commands that were decided, by their ids */
  private async commit(
    context: ConsumeContext,
    events: readonly BookEvent[],
    origins: ReadonlyMap<string, Headers> = new Map(),
  ): Promise<void> {
    const { ledger } = this.current;
    this.commitments.booked(events);
    const first = ledger.eventCount - events.length + 1;
    // Written once, for the journal and for the topic.
    const texts = events.map((event) => JSON.stringify(event));
    await this.repository.append(context.manager, first, events, texts);
    await this.journals.keep(context.manager, this.recorder?.take() ?? [], first, texts);
    await this.repository.saveState(context.manager, this.current.changes());
    events.forEach((event, i) => {
      const sequence = first + i;
      const header = { id: `book-${sequence}`, sequence, time: event.at };
      const key = commandOf(event);
      const headers = (key && origins.get(commandKeyText(key))) ?? NO_HEADERS;
      context.publish(outgoingText(TOPICS.book, 'book', header, texts[i], headers));
    });
    await this.versions.publish(context, events, this.current.board.now);
    this.publishStates(context, events);
    context.afterCommit(() => {
      this.announce(events);
      this.snapshots.committed(ledger);
    });
  }

  /** The margin accounts and the pool after a batch, for watchers of margins. */
  private publishStates(context: ConsumeContext, events: readonly BookEvent[]): void {
    if (events.length === 0) return;
    const { ledger, board } = this.current;
    const sequence = ledger.eventCount;
    const header = (id: string) => ({ id: `${id}@${sequence}`, sequence, time: board.now });
    context.publish(outgoing(TOPICS.poolStates, 'pool', header('pool'), poolState(this.current)));
    const causes = new Map<string, { topic: string; id: string; refused: boolean }[]>();
    for (const event of events) {
      for (const account of accountsOf(event)) {
        const known = causes.get(account) ?? [];
        const command = commandOf(event);
        if (command !== undefined)
          known.push({ topic: command.topic, id: command.id, refused: isRefusal(event) });
        causes.set(account, known);
      }
    }
    for (const [account, ids] of causes) {
      const state = accountState(ledger, account, ids, board.now);
      context.publish(outgoing(TOPICS.accountStates, account, header(account), state));
    }
  }

  private announce(events: readonly BookEvent[]): void {
    if (events.length === 0) return;
    const { insolvent, need } = this.current.solvency();
    if (insolvent && !this.insolvent)
      this.logger.error(`INSOLVENT: ${formatMoney(need)} is missing of what traders have at marks`);
    this.insolvent = insolvent;
    for (const event of events) {
      this.outcomes.decided(event);
      this.tell(event);
    }
  }

  private tell(event: BookEvent): void {
    switch (event.kind) {
      case 'haircut-settled':
        this.logger.error(
          `${event.settlementId}: ${event.need} was missing and is borne by ${event.accounts} accounts, ${event.fromGains} of gains of ${event.gains}, ${event.fromPrincipal} of principal; root ${event.root}`,
        );
        break;
      case 'bankruptcy-settled':
        this.logger.log(`${event.account} is bankrupt: the pool bears ${event.loss}`);
        break;
      case 'trade-rejected':
      case 'liquidity-rejected':
      case 'account-rejected':
        this.logger.debug(`${event.kind} ${commandOf(event)?.id ?? ''}: ${event.reason}`);
        break;
      default:
    }
  }
}
