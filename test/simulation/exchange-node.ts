import { ZkriskError } from '#lib/errors';
import {
  accountsOf,
  accountState,
  type BookEvent,
  commandKeyText,
  commandOf,
  ExchangeLedger,
  type ExchangeParameters,
  isRefusal,
  type LedgerSnapshot,
  poolState,
  PricingEngine,
  type PricingEngineState,
  takeTicks,
} from '#lib/exchange';
import {
  type AccountPayload,
  type CovariancePayload,
  type LiquidationTradePayload,
  type LiquidityPayload,
  TOPICS,
  type TradePayload,
} from '#lib/messages';
import type { Bus, Publication, SimulatedRecord } from './bus.js';
import { Node } from './node.js';
import { NO_REFUSALS, priceMessages } from './price-messages.js';

/** Events between two snapshots of the ledger: a restart folds those after the last one. */
const SNAPSHOT_EVERY = 200;

interface ExchangeState {
  readonly engine: PricingEngineState;
  readonly forecast: CovariancePayload | undefined;
}

/** The exchange's machine behind a shell in memory. The journal is kept as text, event by event, as a table would. */
export class ExchangeNode extends Node<ExchangeState> {
  engine!: PricingEngine;
  /** journal as it was committed */
  readonly journal: string[] = [];
  /** kind of the last event of each command; one that was only asked is decided by a later event */
  readonly outcomes = new Map<string, BookEvent['kind']>();
  private snapshot: { readonly events: number; readonly ledger: string } | undefined;
  protected uncommitted: BookEvent[] = [];
  /** commands of the batch that is being handled */
  private readonly decided = new Set<string>();

  constructor(
    bus: Bus,
    private readonly parameters: ExchangeParameters,
    private readonly vesting: { readonly horizonMs: number; readonly bucketMs: number },
  ) {
    super(
      'exchange',
      [
        ...[TOPICS.prices, TOPICS.covariance, TOPICS.liquidity, TOPICS.accounts],
        ...[TOPICS.liquidationTrades, TOPICS.trades],
      ].map(({ name }) => name),
      bus,
    );
    this.restart();
  }

  protected start(durable: ExchangeState | undefined): void {
    const { horizonMs, bucketMs } = this.vesting;
    const ledger =
      this.snapshot === undefined
        ? new ExchangeLedger(horizonMs, bucketMs)
        : ExchangeLedger.restore(JSON.parse(this.snapshot.ledger) as LedgerSnapshot, horizonMs, bucketMs);
    for (const event of this.journal.slice(this.snapshot?.events ?? 0))
      ledger.apply(JSON.parse(event) as BookEvent);
    this.uncommitted = [];
    this.engine = new PricingEngine(this.parameters, ledger, durable?.engine, durable?.forecast);
  }

  protected override commit(): void {
    for (const event of this.uncommitted) {
      this.journal.push(JSON.stringify(event));
      const command = commandOf(event);
      if (command !== undefined) {
        const key = commandKeyText(command);
        const known = this.outcomes.get(key);
        if (known !== undefined && known !== 'liquidity-asked')
          throw new Error(`${key} was decided twice: ${known}, then ${event.kind}`);
        this.outcomes.set(key, event.kind);
      }
    }
    this.uncommitted = [];
    const events = this.journal.length;
    if (events - (this.snapshot?.events ?? 0) >= SNAPSHOT_EVERY)
      this.snapshot = { events, ledger: JSON.stringify(this.engine.ledger.snapshot()) };
  }

  protected durable(): ExchangeState {
    return { engine: this.engine.snapshot(), forecast: this.engine.board.latestForecast };
  }

  protected handle(topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]> {
    this.uncommitted = [];
    this.decided.clear();
    if (topic === TOPICS.prices.name) {
      takeTicks(priceMessages(records), NO_REFUSALS, this.engine);
      this.uncommitted.push(...this.engine.takeMatured());
    } else for (const record of records) this.uncommitted.push(...this.decide(topic, record));
    return Promise.resolve(this.publications());
  }

  private decide(topic: string, { time, body }: SimulatedRecord): BookEvent[] {
    const payload: unknown = JSON.parse(body);
    const { engine } = this;
    switch (topic) {
      case TOPICS.covariance.name:
        try {
          return engine.setForecast(payload as CovariancePayload);
        } catch (error) {
          if (!(error instanceof ZkriskError)) throw error;
          return [];
        }
      case TOPICS.trades.name: {
        const trade = payload as TradePayload;
        return this.once(topic, trade.account, trade.tradeId, () => engine.book(trade, time));
      }
      case TOPICS.liquidationTrades.name: {
        const trade = payload as LiquidationTradePayload;
        const owner = trade.account.split('~')[0];
        return this.once(topic, owner, trade.planId, () => engine.liquidate(trade, time));
      }
      case TOPICS.accounts.name: {
        const command = payload as AccountPayload;
        return this.once(topic, command.account, command.commandId, () => engine.account(command, time));
      }
      default: {
        const command = payload as LiquidityPayload;
        return this.once(topic, command.provider, command.commandId, () => engine.liquidity(command, time));
      }
    }
  }

  /** A command that was decided before, here or in this batch, is not decided again. */
  protected once(topic: string, owner: string, id: string, decide: () => BookEvent[]): BookEvent[] {
    const key = commandKeyText({ topic, owner, id });
    if (this.decided.has(key) || this.outcomes.has(key)) return [];
    this.decided.add(key);
    return decide();
  }

  private publications(): Publication[] {
    if (this.uncommitted.length === 0) return [];
    const { ledger, board } = this.engine;
    const causes = new Map<string, { topic: string; id: string; refused: boolean }[]>();
    for (const event of this.uncommitted) {
      const command = commandOf(event);
      for (const account of accountsOf(event)) {
        const known = causes.get(account) ?? [];
        if (command !== undefined)
          known.push({ topic: command.topic, id: command.id, refused: isRefusal(event) });
        causes.set(account, known);
      }
    }
    const time = board.now;
    return [
      { topic: TOPICS.poolStates.name, time, body: JSON.stringify(poolState(this.engine)) },
      ...[...causes].map(([account, own]) => ({
        topic: TOPICS.accountStates.name,
        time,
        body: JSON.stringify(accountState(ledger, account, own, time)),
      })),
    ];
  }
}
