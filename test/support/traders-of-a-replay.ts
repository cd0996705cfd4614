import type { BookEvent } from '#lib/exchange';
import { type Outgoing, outgoing, TOPICS } from '#lib/messages';
import { type Engine, type MarketSource, TradeFlow } from '../../apps/zkrisk/src/index.js';

type FlowOptions = ConstructorParameters<typeof TradeFlow>[0];

/** The mark was not good enough: the order was right, and is sent again. */
const NOT_NOW = /^market-(uncertain|stale|halted|wide)$/;

/**
 * The traders of a replay whose prices are disturbed. They know the true prices, so that they want the same in the clean
 * and in the disturbed replay; they state sizes in the unit of the day; and they send again, once the next prices are
 * there, each order that was refused because the market's mark was not good.
 */
export class TradersOfAReplay {
  private readonly flow: TradeFlow;
  private readonly rows: { time: number; prices: readonly (string | undefined)[] }[];
  /** refused orders that are sent again at the next bar */
  pending: readonly Outgoing[] = [];
  /** sequence of the last event that was looked at; before the first look, of the last one there is */
  private seen: number | undefined;

  /**
   * @param truth prices as traders know them, of the same markets and times as those that the exchange is sent
   * @param unit price of a market in the exchange's unit, as a multiple of the true one, by bar
   */
  constructor(
    options: FlowOptions,
    truth: MarketSource,
    private readonly unit: (bar: number, market: string) => number = () => 1,
  ) {
    this.flow = new TradeFlow(options, truth.markets);
    this.rows = [...truth.rows(0)];
  }

  /** Sends the commands of a bar, whose prices the exchange has, and learns which of them were refused. */
  async act(bar: number, { log, database }: Engine): Promise<void> {
    const { time } = this.rows[bar];
    const history = (at: number) => this.rows.at(at < 0 ? this.rows.length : at)?.prices;
    const header = (id: string, i: number) => ({ id, sequence: bar * 10_000 + i, time });
    const accounts = this.flow
      .accountCommandsAt(bar, history)
      .map((command, i) => outgoing(TOPICS.accounts, command.account, header(command.commandId, i), command));
    const trades = this.flow.tradesAt(bar, history).map((trade, i) => {
      const legs = trade.legs.map(({ market, size }) => ({
        market,
        size: this.unit(bar, market) === 1 ? size : (Number(size) / this.unit(bar, market)).toFixed(8),
      }));
      return outgoing(TOPICS.trades, trade.account, header(trade.tradeId, 1000 + i), { ...trade, legs });
    });
    const sent = [...this.pending, ...accounts, ...trades];
    if (sent.length === 0) return;
    if (this.seen === undefined) {
      const [last] = await database.query<{ sequence: string }[]>(
        'select coalesce(max(sequence), 0) as sequence from book_event',
      );
      this.seen = Number(last.sequence);
    }
    await log.publish(sent.map((message) => ({ appendedAt: time, ...message })));
    await log.drained(new AbortController().signal);
    const rows = await database.query<{ sequence: string; payload: BookEvent }[]>(
      `select sequence, payload from book_event where sequence > $1 order by sequence`,
      [this.seen],
    );
    this.seen = Number(rows.at(-1)?.sequence ?? this.seen);
    const refused = new Set(
      rows.flatMap(({ payload }) =>
        (payload.kind === 'trade-rejected' || payload.kind === 'account-rejected') &&
        NOT_NOW.test(payload.code)
          ? [payload.kind === 'trade-rejected' ? payload.tradeId : payload.commandId]
          : [],
      ),
    );
    this.pending = sent.flatMap((message) => again(message, refused, this.rows[bar + 1]?.time ?? time));
  }
}

const AGAIN = /-again-(\d+)$/;

/** A refused command under an id of its own; ids must not grow with the number of times. */
function again(message: Outgoing, refused: ReadonlySet<string>, time: number): Outgoing[] {
  const value = JSON.parse(message.value) as { id: string; time: number; payload: Record<string, string> };
  if (!refused.has(value.id)) return [];
  const times = Number(AGAIN.exec(value.id)?.[1] ?? 0) + 1;
  const id = `${value.id.replace(AGAIN, '')}-again-${times}`;
  const name = value.payload.tradeId === undefined ? 'commandId' : 'tradeId';
  return [
    { ...message, value: JSON.stringify({ ...value, id, time, payload: { ...value.payload, [name]: id } }) },
  ];
}
