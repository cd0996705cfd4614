import { Logger } from '@nestjs/common';
import { ZkriskError } from '#lib/errors';
import {
  type AccountPayload,
  type CovariancePayload,
  type LiquidityPayload,
  type Message,
  outgoing,
  type PricePayload,
  TOPICS,
  type TradePayload,
  type ValuationPayload,
} from '#lib/messages';
import { ConsumeContext, type Lane, type LaneOwner } from '#lib/events';
import { type BookEvent, ExchangeLedger, takeTicks, PricingEngine } from '#lib/exchange';
import type { Headers } from '#lib/runtime';
import { BookFollower } from './book-follower.js';
import type { LedgerSnapshots } from './ledger-snapshots.js';
import { exchangeParametersOf, type PricerConfig, vestingOf } from './pricer.config.js';
import { accountsOf, commandOf, type PricerRepository } from './pricer.repository.js';
import { accountState, poolState } from './published-states.js';

/** One book for the whole exchange: one process writes it. */
export const PRICER_LANE: Lane = { name: 'pricer', spread: 'single' };

/**
 * Consumes prices, forecasts, trades and liquidity commands; the only writer of the book. Whatever a batch leads
 * to is journalled, applied and published in the transaction that consumed it.
 */
export class PricerService implements LaneOwner {
  private readonly logger = new Logger(PricerService.name);
  private current: PricingEngine;
  private readonly waiting = new Map<string, Set<(event: BookEvent) => void>>();
  private insolvent = false;

  private readonly follower: BookFollower;

  constructor(
    private readonly config: PricerConfig,
    private readonly repository: PricerRepository,
    private readonly snapshots: LedgerSnapshots,
  ) {
    const { horizonMs, bucketMs } = vestingOf(config);
    this.current = new PricingEngine(exchangeParametersOf(config), new ExchangeLedger(horizonMs, bucketMs));
    this.follower = new BookFollower(
      repository,
      () => ({
        events: this.current.ledger.eventCount,
        forecastId: this.current.board.latestForecast?.forecastId,
      }),
      ({ events, state, forecast }) => {
        this.current.follow(events, state, forecast);
        for (const event of events) this.announce(event);
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
    this.follower.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.follower.stop(), this.snapshots.close()]);
  }

  /** The book is ours to write: the state of the tables is taken up. */
  async restore(): Promise<void> {
    await this.follower.stop();
    this.snapshots.start(await this.load());
  }

  /** @returns events the newest snapshot has */
  private async load(): Promise<number> {
    const { ledger, snapshotAt } = await this.repository.loadLedger(vestingOf(this.config));
    const { state, forecast } = await this.repository.loadState();
    this.current = new PricingEngine(exchangeParametersOf(this.config), ledger, state, forecast);
    return snapshotAt;
  }

  async onPrices(messages: readonly Message<PricePayload>[], context: ConsumeContext): Promise<void> {
    takeTicks(messages, context, this.current);
    await this.commit(context, []);
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
    const record = this.current.riskRecord();
    await this.repository.saveRisk(context.manager, record.at, record);
    context.publish(
      outgoing(
        TOPICS.risk,
        'exchange',
        { id: `risk@${record.at}`, sequence: record.at, time: record.at },
        record,
      ),
    );
    context.publish(
      outgoing(
        TOPICS.standingBooks,
        'exchange',
        { id: `book@${record.at}`, sequence: record.at, time: record.at },
        this.current.standingBook(),
      ),
    );
  }

  onTrades(messages: readonly Message<TradePayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ tradeId }) => tradeId,
      (trade, time) => this.current.book(trade, time),
    );
  }

  onLiquidity(messages: readonly Message<LiquidityPayload>[], context: ConsumeContext): Promise<void> {
    return this.decide(
      messages,
      context,
      ({ commandId }) => commandId,
      (command, time) => this.current.liquidity(command, time),
    );
  }

  async onValuations(messages: readonly Message<ValuationPayload>[], context: ConsumeContext): Promise<void> {
    const events: BookEvent[] = [];
    for (const [index, { payload, time }] of messages.entries()) {
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
      ({ commandId }) => commandId,
      (command, time) => this.current.account(command, time),
    );
  }

  /** Decides each command that has not been decided already, by its id, and books what comes of it. */
  private async decide<Payload>(
    messages: readonly Message<Payload>[],
    context: ConsumeContext,
    idOf: (payload: Payload) => string,
    book: (payload: Payload, time: number) => BookEvent[],
  ): Promise<void> {
    const known = await this.repository.outcomes(
      messages.map(({ payload }) => idOf(payload)),
      context.manager,
    );
    const decided = new Set(known.keys());
    const events: BookEvent[] = [];
    const origins = new Map<string, Headers>();
    for (const [index, { payload, time }] of messages.entries()) {
      const id = idOf(payload);
      if (decided.has(id)) continue;
      events.push(...book(payload, time));
      decided.add(id);
      origins.set(id, context.headersOf(index));
    }
    await this.commit(context, events, origins);
  }

  /** What came of a command: known already, or as soon as it is booked; undefined after the timeout. */
  async outcome(commandId: string, timeoutMs: number): Promise<BookEvent | undefined> {
    let wake: (event: BookEvent) => void = () => undefined;
    const booked = new Promise<BookEvent>((resolve) => (wake = resolve));
    const listeners = this.waiting.get(commandId) ?? new Set();
    this.waiting.set(commandId, listeners.add(wake));
    let timer: NodeJS.Timeout | undefined;
    try {
      const known = (await this.repository.outcomes([commandId])).get(commandId);
      if (known || timeoutMs === 0) return known;
      const timeout = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => {
          resolve(undefined);
        }, timeoutMs);
      });
      return await Promise.race([booked, timeout]);
    } finally {
      clearTimeout(timer);
      listeners.delete(wake);
      if (listeners.size === 0) this.waiting.delete(commandId);
    }
  }

  /** @param origins headers of the commands that were decided, by their ids */
  private async commit(
    context: ConsumeContext,
    events: readonly BookEvent[],
    origins: ReadonlyMap<string, Headers> = new Map(),
  ): Promise<void> {
    const { ledger } = this.current;
    const first = ledger.eventCount - events.length + 1;
    await this.repository.append(context.manager, first, events);
    await this.repository.saveState(context.manager, this.current.snapshot());
    events.forEach((event, i) => {
      const sequence = first + i;
      const header = { id: `book-${sequence}`, sequence, time: event.at };
      const headers = origins.get(commandOf(event) ?? '') ?? {};
      context.publish({ ...outgoing(TOPICS.book, 'book', header, { ...event }), headers });
    });
    this.publishStates(context, events);
    context.afterCommit(() => {
      for (const event of events) this.announce(event);
      this.snapshots.committed(ledger);
    });
  }

  /** The margin accounts and the pool as they are after a batch: for those who watch margins. */
  private publishStates(context: ConsumeContext, events: readonly BookEvent[]): void {
    if (events.length === 0) return;
    const { ledger, board } = this.current;
    const sequence = ledger.eventCount;
    const header = (id: string) => ({ id: `${id}@${sequence}`, sequence, time: board.now });
    context.publish(outgoing(TOPICS.poolStates, 'pool', header('pool'), poolState(ledger)));
    const causes = new Map<string, { id: string; refused: boolean }[]>();
    for (const event of events) {
      for (const account of accountsOf(event)) {
        const known = causes.get(account) ?? [];
        const command = commandOf(event);
        if (command !== undefined) known.push({ id: command, refused: event.kind.endsWith('-rejected') });
        causes.set(account, known);
      }
    }
    for (const [account, ids] of causes) {
      const state = accountState(ledger, account, ids);
      context.publish(outgoing(TOPICS.accountStates, account, header(account), state));
    }
  }

  private announce(event: BookEvent): void {
    const id = commandOf(event);
    if (id !== undefined) for (const wake of this.waiting.get(id) ?? []) wake(event);
    const { shortfall } = this.current.ledger;
    if (shortfall > 0n && !this.insolvent)
      this.logger.error(`INSOLVENT: losses have passed capital and liquidity by ${shortfall} units`);
    this.insolvent = shortfall > 0n;
    if (event.kind === 'bankruptcy-settled')
      this.logger.log(`${event.account} is bankrupt: the pool bears ${event.loss}`);
    if (
      event.kind === 'trade-rejected' ||
      event.kind === 'liquidity-rejected' ||
      event.kind === 'account-rejected'
    ) {
      this.logger.debug(`${event.kind} ${id ?? ''}: ${event.reason}`);
    }
  }
}
