import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { EventLog } from '#lib/events';
import { type LiquidityPayload, type Outgoing, outgoing, TOPICS } from '#lib/messages';
import { ServiceStateRepository } from '#lib/storage';
import type { MarketRow, MarketSource } from './market-source.js';
import { TradeFlow, type TradeFlowOptions } from './trade-flow.js';

export interface ReplayOptions {
  /** bars a second; undefined means as fast as the engine follows */
  readonly speed: number | undefined;
  readonly flow: TradeFlowOptions;
  /** the liquidity providers' first deposit, quote currency */
  readonly liquidity: number;
  /** bars sent as fast as possible before the speed applies */
  readonly warmUpBars: number;
  /** execution reports on the liquidation plans that wait for one; left out, plans are left to others */
  readonly liquidator?: () => Promise<Outgoing[]>;
  /** what happens outside before the prices of a bar are sent; done again where a replay is resumed at it */
  readonly before?: (bar: number) => Promise<void>;
}

export interface ReplayProgress {
  readonly bar: number;
  readonly length: number | undefined;
  readonly time: number;
}

/** What a step was about to send: kept with the messages, so that a killed replay goes on where it was. */
interface Cursor {
  /** bars whose prices have been sent */
  readonly prices: number;
  /** bars whose trades have been sent */
  readonly trades: number;
}

/**
 * Sends a market to the log bar by bar: prices, then, when the engine has consumed them, made its forecast and liquidated
 * what it must, the bar's trades. The cursor is committed with the messages, so nothing is sent twice or left out whatever kills
 * the process; and because the engine is always caught up before the next step, the same replay gives the same
 * books to the last unit.
 */
export class Replayer {
  private readonly states = new ServiceStateRepository('replay');
  private readonly flow: TradeFlow;
  private readonly rows = new Map<number, readonly string[]>();

  constructor(
    private readonly source: MarketSource,
    private readonly log: EventLog,
    private readonly database: DataSource,
    private readonly options: ReplayOptions,
  ) {
    this.flow = new TradeFlow(options.flow, source.markets);
  }

  /** Runs to the end of the source or until aborted. Resumes where an earlier run stopped. */
  async run(
    signal: AbortSignal,
    onProgress: (progress: ReplayProgress) => void = () => undefined,
  ): Promise<void> {
    const stored = await this.states.load<Cursor>(this.database.manager, this.source.id);
    let cursor: Cursor = stored ?? { prices: 0, trades: 0 };
    // What an earlier run has sent comes before anything new: it was to be handled at its own time.
    await this.settled(signal);
    const first = Math.max(0, cursor.trades - 200);
    let bar = first;
    for (const row of this.source.rows(first)) {
      if (signal.aborted) return;
      this.rows.set(bar, row.prices);
      this.rows.delete(bar - 200);
      if (bar >= cursor.trades) {
        const started = performance.now();
        if (bar >= cursor.prices) {
          await this.options.before?.(bar);
          cursor = { ...cursor, prices: bar + 1 };
          await this.send(this.priceMessages(bar, row), cursor);
        }
        await this.settled(signal);
        if (signal.aborted) return;
        cursor = { ...cursor, trades: bar + 1 };
        await this.send(this.commandMessages(bar, row), cursor);
        await this.settled(signal);
        onProgress({ bar: bar + 1, length: this.source.length, time: row.time });
        if (this.options.speed !== undefined && bar >= this.options.warmUpBars) {
          const rest = 1000 / this.options.speed - (performance.now() - started);
          if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => undefined);
        }
      }
      bar++;
    }
  }

  /** Everything is consumed, and every liquidation that came of it is executed. */
  private async settled(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.log.drained(signal);
      const reports = signal.aborted ? [] : ((await this.options.liquidator?.()) ?? []);
      if (reports.length === 0) return;
      await this.log.publish(reports);
    }
  }

  private async send(messages: Outgoing[], cursor: Cursor): Promise<void> {
    await this.log.publish(messages, {
      source: 'replay',
      write: (manager) => this.states.save(manager, this.source.id, cursor),
    });
  }

  private priceMessages(bar: number, { time, prices }: MarketRow): Outgoing[] {
    const header = (id: string) => ({ id, sequence: bar, time });
    const ticks = this.source.markets.map((market, i) =>
      outgoing(TOPICS.prices, market, header(`${this.source.id}-${bar}-${market}`), {
        kind: 'tick',
        market,
        price: prices[i],
      }),
    );
    const watermark = { kind: 'watermark', until: time } as const;
    return [
      ...ticks,
      outgoing(TOPICS.prices, 'watermark', header(`${this.source.id}-${bar}-watermark`), watermark),
    ];
  }

  private commandMessages(bar: number, { time }: MarketRow): Outgoing[] {
    const trades = this.flow.tradesAt(bar, (at) => this.rows.get(at));
    const spacing = (this.source.barSeconds * 1000) / (trades.length + 1);
    const liquidity = this.liquidityAt(bar).map((command, i) =>
      outgoing(
        TOPICS.liquidity,
        command.provider,
        { id: command.commandId, sequence: bar * 1000 + i, time },
        command,
      ),
    );
    const accounts = this.flow
      .accountCommandsAt(bar, (at) => this.rows.get(at))
      .map((command, i) =>
        outgoing(
          TOPICS.accounts,
          command.account,
          { id: command.commandId, sequence: bar * 10_000 + i, time },
          command,
        ),
      );
    return [
      ...liquidity,
      ...accounts,
      ...trades.map((trade, i) =>
        outgoing(
          TOPICS.trades,
          trade.account,
          { id: trade.tradeId, sequence: bar * 1000 + i, time: Math.floor(time + spacing * (i + 1)) },
          trade,
        ),
      ),
    ];
  }

  /** Providers that come at the start, add later, and now and then take some out, locked or forced. */
  private liquidityAt(bar: number): LiquidityPayload[] {
    const { liquidity } = this.options;
    const id = (what: string) => `${this.source.id}-${what}-${bar}`;
    if (bar === 0)
      return [{ kind: 'deposit', commandId: id('deposit'), provider: 'lp-1', amount: String(liquidity) }];
    if (bar === 48)
      return [{ kind: 'deposit', commandId: id('deposit'), provider: 'lp-2', amount: String(liquidity / 4) }];
    if (bar % 2000 === 1500) {
      const mode = bar % 4000 === 1500 ? 'locked' : 'forced';
      return [
        {
          kind: 'withdrawal',
          commandId: id('withdrawal'),
          provider: 'lp-2',
          amount: String(liquidity / 50),
          mode,
        },
      ];
    }
    return [];
  }
}
