import { createHash, type Hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { ZkriskError } from '#lib/errors';
import type { EventLog, NextTurn, Turn } from '#lib/events';
import { type LiquidityPayload, type Outgoing, outgoing, TOPICS } from '#lib/messages';
import { ServiceStateRepository } from '#lib/storage';
import type { MarketRow, MarketSource } from './market-source.js';
import { TradeFlow, type TradeFlowOptions } from './trade-flow.js';

/** Books hold one replay: a second one would book its deposits and trades on top of the first one's. */
export class ReplayMismatchError extends ZkriskError {
  readonly code = 'replay-mismatch';

  constructor(problem: string) {
    super(`${problem}; give this replay a data directory of its own (--data DIR, or ZKRISK_DATA_DIR)`);
  }
}

export interface ReplayOptions {
  /** bars a second; undefined means as fast as the engine follows */
  readonly speed: number | undefined;
  readonly flow: TradeFlowOptions;
  /** the liquidity providers' first deposit, quote currency */
  readonly liquidity: number;
  /** bars sent as fast as possible before the speed applies */
  readonly warmUpBars: number;
  /** execution reports on the liquidation plans that wait for one, read through the manager; left out, plans are left to others */
  readonly liquidator?: (manager: EntityManager) => Promise<Outgoing[]>;
  /** actions outside before the prices of a bar are sent; done again where a replay is resumed at it */
  readonly before?: (bar: number) => Promise<void>;
}

export interface ReplayProgress {
  readonly bar: number;
  readonly length: number | undefined;
  readonly time: number;
}

const DAY_MS = 24 * 3_600_000;

/** How far a replay is: kept with the messages, so that a killed replay goes on where it was. */
interface Cursor {
  /** bars whose prices have been sent */
  readonly prices: number;
  /** bars whose trades have been sent */
  readonly trades: number;
  /** SHA-256 of the rows whose prices have been sent */
  readonly digest: string;
  readonly description: string;
}

/**
 * Sends a market to the log bar by bar: prices, then, when the engine has consumed them, made its forecast and liquidated
 * what it must, the bar's trades. The cursor is committed with the messages, so nothing is sent twice or left out whatever kills
 * the process; and because the engine is always caught up before the next step, the same replay gives the same
 * books to the last unit. On embedded parts several steps share a transaction.
 */
export class Replayer {
  private readonly states = new ServiceStateRepository('replay');
  private readonly flow: TradeFlow;
  private readonly rows = new Map<number, MarketRow['prices']>();
  /** sees all messages sent so far, committed or not */
  private manager: EntityManager;
  /** the source has no further row */
  private ended = false;

  constructor(
    private readonly source: MarketSource,
    private readonly log: EventLog,
    private readonly database: DataSource,
    private readonly options: ReplayOptions,
  ) {
    this.flow = new TradeFlow(options.flow, source.markets);
    this.manager = database.manager;
  }

  /**
   * Runs to the end of the source or until aborted. Resumes where an earlier run stopped; rows that have been appended to the
   * source since then follow those that have been sent.
   *
   * @throws {ReplayMismatchError} where the exchange has replayed other rows than these, or another market
   */
  async run(
    signal: AbortSignal,
    onProgress: (progress: ReplayProgress) => void = () => undefined,
  ): Promise<void> {
    const { before, speed } = this.options;
    // Actions outside and a person's speed do not wait within a transaction.
    let together = before === undefined && speed === undefined;
    // The turns of a round that was rolled back are sent again: those of one bar in a transaction each, the rest together.
    for (let most = Infinity; ; together = !together, most = together ? Infinity : 1) {
      const turns = this.turns(signal, onProgress, most);
      const next: NextTurn = async (manager) => {
        this.manager = manager;
        return (await turns.next()).value ?? undefined;
      };
      this.ended = false;
      const committed = await this.log.publishInTurns(next, this.database.manager, signal, together);
      if ((committed && this.ended) || signal.aborted) return;
    }
  }

  /**
   * All turns that are still to be sent, in their order, from the committed cursor on.
   *
   * @param most bars at most
   */
  private async *turns(
    signal: AbortSignal,
    onProgress: (progress: ReplayProgress) => void,
    most: number,
  ): AsyncGenerator<Turn, undefined> {
    const { description } = this.source;
    let cursor = (await this.storedCursor()) ?? { prices: 0, trades: 0, digest: '', description };
    const sent = createHash('sha256');
    // Messages of an earlier run come before anything new: it was to be handled at its own time.
    yield* this.reports();
    let bar = 0;
    let bars = 0;
    let before: number | undefined;
    for (const row of this.source.rows(0)) {
      if (signal.aborted) return;
      this.rows.set(bar, row.prices);
      addRow(sent, row);
      if (bar + 1 === cursor.prices && digestOf(sent) !== cursor.digest)
        throw new ReplayMismatchError(
          `${cursor.prices} bars have been replayed here, and the same bars of ${description} are others`,
        );
      this.rows.delete(bar - 200);
      if (bar >= cursor.trades) {
        const started = performance.now();
        if (bar >= cursor.prices) {
          await this.options.before?.(bar);
          cursor = { ...cursor, prices: bar + 1, digest: digestOf(sent), description };
          yield this.turn(this.priceMessages(bar, row, before), cursor);
        }
        yield* this.reports();
        cursor = { ...cursor, trades: bar + 1 };
        yield this.turn(this.commandMessages(bar, row), cursor);
        yield* this.reports();
        onProgress({ bar: bar + 1, length: this.source.length, time: row.time });
        if (++bars === most) return;
        if (this.options.speed !== undefined && bar >= this.options.warmUpBars) {
          const rest = 1000 / this.options.speed - (performance.now() - started);
          if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => undefined);
        }
      }
      bar++;
      before = row.time;
    }
    this.ended = true;
  }

  /** @throws {ReplayMismatchError} where another market has been replayed into the same books */
  private async storedCursor(): Promise<Cursor | undefined> {
    const stored = await this.states.all<Cursor>(this.manager);
    const own = stored.get(this.source.id);
    const [other] = [...stored].filter(([id]) => id !== this.source.id);
    if (own === undefined && other !== undefined)
      throw new ReplayMismatchError(`${other[1].description} has been replayed here before`);
    return own;
  }

  /** Reports on the liquidation plans that wait for one, until none does. */
  private async *reports(): AsyncGenerator<Turn, void> {
    for (;;) {
      const reports = (await this.options.liquidator?.(this.manager)) ?? [];
      if (reports.length === 0) return;
      yield { messages: reports };
    }
  }

  private turn(messages: Outgoing[], cursor: Cursor): Turn {
    const write = (manager: EntityManager) => this.states.save(manager, this.source.id, cursor);
    return { messages, also: { source: 'replay', write } };
  }

  private priceMessages(bar: number, { time, prices }: MarketRow, before: number | undefined): Outgoing[] {
    const header = (id: string) => ({ id, sequence: bar, time });
    const ticks = this.source.markets.flatMap((market, i) => {
      const price = prices[i];
      if (price === undefined) return [];
      const id = `${this.source.id}-${bar}-${market}`;
      return [outgoing(TOPICS.prices, market, header(id), { kind: 'tick', market, price })];
    });
    const watermark = { kind: 'watermark', until: time } as const;
    // A replay's clock is its own: the log takes its messages when they are dated. It does not stand still in a gap.
    return [
      ...this.gap(before ?? time, time, bar),
      ...ticks,
      outgoing(TOPICS.prices, 'watermark', header(`${this.source.id}-${bar}-watermark`), watermark),
    ].map((message) => ({ appendedAt: time, ...message }));
  }

  /** A watermark for every day of a gap in the prices: market time moves by a day at once, at most. */
  private gap(before: number, time: number, bar: number): Outgoing[] {
    const messages: Outgoing[] = [];
    for (let until = before + DAY_MS; until < time; until += DAY_MS) {
      const header = { id: `${this.source.id}-gap-${until}`, sequence: bar, time: until };
      const watermark = { kind: 'watermark', until } as const;
      messages.push({ ...outgoing(TOPICS.prices, 'watermark', header, watermark), appendedAt: until });
    }
    return messages;
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

function addRow(hash: Hash, { time, prices }: MarketRow): void {
  hash.update(`${time},${prices.map((price) => price ?? '').join(',')}\n`);
}

/** Of the rows so far; more may be added afterwards. */
function digestOf(hash: Hash): string {
  return hash.copy().digest('hex');
}
