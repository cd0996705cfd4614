import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { messageOf } from '#lib/errors';
import type { PricingEngine } from '#lib/exchange';
import { type AccountSlice, BookCopy } from '#lib/lab';
import { heapAsLarge, WorkerPool } from '#lib/runtime';
import type { PastMoves, StressRequest, WrittenStress } from './stress.worker.js';

/** Past bars whose moves the book is tried with. */
const HOURS_KEPT = 2000;

/** The last report: its figures, and all of it as JSON. */
export type KnownStress = WrittenStress['known'] & { readonly text: Buffer };

/**
 * The book under stress, once a bar: computed by a thread when it is first asked for after a forecast. The book is as it was at one
 * moment; it is handed over some accounts at a time, so that whoever decides trades on this thread never waits for it.
 */
export class StressDesk {
  private readonly logger = new Logger(StressDesk.name);
  private readonly pool: WorkerPool<StressRequest, WrittenStress | undefined>;
  private report: KnownStress | null = null;
  private running: Promise<KnownStress | null> | undefined;
  private seconds = 0;
  private closed = false;
  private marks: ReadonlyMap<string, number> | undefined;
  private readonly history: PastMoves[] = [];

  constructor(private readonly engine: () => PricingEngine) {
    this.pool = new WorkerPool(new URL('./stress.worker.js', import.meta.url), 1, {
      resourceLimits: heapAsLarge(),
    });
  }

  /** How long the last computation took, from the book's copy to its report. */
  get lastSeconds(): number {
    return this.seconds;
  }

  /** The last report, whatever its bar; null before the first. */
  get known(): KnownStress | null {
    return this.report;
  }

  /**
   * The report of the forecast in force, or the one that is being computed, which may be of the forecast before; null before there is a
   * forecast.
   */
  latest(): Promise<KnownStress | null> {
    if (this.running !== undefined) return this.running;
    const forecastId = this.engine().board.latestForecast?.forecastId;
    if (forecastId === undefined || forecastId === this.report?.forecastId)
      return Promise.resolve(this.report);
    this.running = this.compute().finally(() => (this.running = undefined));
    return this.running;
  }

  /** The last report; where it is of an earlier forecast, this begins to compute the one of the forecast in force. */
  refreshed(): KnownStress | null {
    this.latest().catch((error: unknown) => {
      if (!this.closed) this.logger.error(`the book could not be put under stress: ${messageOf(error)}`);
    });
    return this.report;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.pool.close();
  }

  private async compute(): Promise<KnownStress | null> {
    const started = performance.now();
    // When this is answered the thread has been started, and the copy will not wait for it.
    await this.pool.run({ kind: 'begin' });
    const copy = BookCopy.of(this.engine());
    if (copy === null) return null;
    try {
      this.remember();
      for (let slice = copy.slice(); slice !== undefined; slice = copy.slice()) {
        // Names are for whoever asks about an account.
        const sent: AccountSlice = { ...slice, names: [] };
        await this.pool.run({ kind: 'accounts', slice: sent }, buffersOf(sent));
        await turn();
      }
      const { frame } = copy;
      const written = await this.pool.run({ kind: 'report', frame, history: this.history });
      this.report =
        written === undefined ? null : { ...written.known, text: Buffer.from(written.text.buffer) };
      this.seconds = (performance.now() - started) / 1000;
      return this.report;
    } finally {
      copy.close();
    }
  }

  /** Relative moves of the marks since the last report, for the worst hours. */
  private remember(): void {
    const { board } = this.engine();
    const before = this.marks;
    const markets = board.knownMarkets();
    const prices = markets.map((market) => board.mark(market)!.value);
    this.marks = new Map(markets.map((market, i) => [market, prices[i]]));
    if (before === undefined) return;
    const moves = Float64Array.from(prices, (price, i) => price / (before.get(markets[i]) ?? price) - 1);
    // Where the markets are those of the hour before, their names are sent once for both.
    const last = this.history.at(-1)?.markets;
    const same = last?.length === markets.length && last.every((market, i) => market === markets[i]);
    this.history.push({ markets: same ? last : markets, moves });
    if (this.history.length > HOURS_KEPT) this.history.shift();
  }
}

function buffersOf({ collateral, ends, market, size, entryNotional }: AccountSlice): ArrayBuffer[] {
  return [collateral, ends, market, size, entryNotional].map(({ buffer }) => buffer as ArrayBuffer);
}
