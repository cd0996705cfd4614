import { InvalidInputError, ZkriskError } from '#lib/errors';

/** One observed price. */
export interface Tick {
  readonly market: string;
  readonly price: number;
  /** publish time, milliseconds since the epoch */
  readonly time: number;
  /** the source's own counter, increasing in each market */
  readonly sequence: number;
}

/** A closed bar: the last price at or before its end, in every market that has ever had one. */
export interface Bar {
  /** end of the bar, milliseconds; a multiple of the bar's length */
  readonly end: number;
  readonly prices: ReadonlyMap<string, number>;
  /** markets without a tick within the staleness limit before the bar's end */
  readonly stale: ReadonlySet<string>;
}

/** Why a tick was not used. */
export type TickRejection = 'late' | 'duplicate' | 'not-positive' | 'not-finite';

/** A tick that cannot be used, by market and sequence number; the rest of its batch goes on. */
export class RejectedTickError extends ZkriskError {
  readonly code = 'tick-rejected';

  constructor(
    readonly tick: Tick,
    readonly rejection: TickRejection,
  ) {
    super(
      `${tick.market} #${tick.sequence}: price ${tick.price} at ${new Date(tick.time).toISOString()} is ${rejection}`,
      {
        market: tick.market,
        sequence: tick.sequence,
        rejection,
      },
    );
  }
}

/** Most bars that one tick closes. */
const MAXIMUM_SILENT_BARS = 1000;

interface LastPrice {
  price: number;
  time: number;
  sequence: number;
}

/** Everything the builder remembers, plain data. */
export interface BarBuilderState {
  readonly openBarEnd: number | null;
  readonly last: readonly (readonly [market: string, price: number, time: number, sequence: number])[];
}

/**
 * Resamples ticks to bars of a fixed length. A tick belongs to the bar whose half-open interval (end − Δ, end]
 * holds its publish time; the bar closes when time passes its end. Until then late ticks of the bar still
 * count (by publish time, then sequence); afterwards they are refused.
 */
export class BarBuilder {
  private openBarEnd: number | null = null;
  private readonly last = new Map<string, LastPrice>();

  /**
   * @param length Δ in milliseconds
   * @param staleAfter a market silent for longer is stale, milliseconds
   */
  constructor(
    readonly length: number,
    readonly staleAfter: number,
    state?: BarBuilderState,
  ) {
    if (!(length > 0))
      throw new InvalidInputError('length', `must be a positive number of milliseconds, got ${length}`);
    if (!(staleAfter >= length)) {
      throw new InvalidInputError('staleAfter', `must be at least one bar (${length} ms), got ${staleAfter}`);
    }
    if (state) {
      this.openBarEnd = state.openBarEnd;
      for (const [market, price, time, sequence] of state.last)
        this.last.set(market, { price, time, sequence });
    }
  }

  /**
   * Takes a tick; returns the bars that its time closes, oldest first (more than one where nothing arrived for
   * longer than a bar).
   *
   * @throws {RejectedTickError} for a price that is not finite and positive, a duplicate, or a tick of a closed bar
   */
  add(tick: Tick): Bar[] {
    if (!Number.isFinite(tick.price)) throw new RejectedTickError(tick, 'not-finite');
    if (tick.price <= 0) throw new RejectedTickError(tick, 'not-positive');
    const end = Math.ceil(tick.time / this.length) * this.length;
    if (this.openBarEnd !== null && end < this.openBarEnd) throw new RejectedTickError(tick, 'late');
    const previous = this.last.get(tick.market);
    if (tick.sequence === previous?.sequence) throw new RejectedTickError(tick, 'duplicate');
    const closed = this.closeUntil(end);
    this.openBarEnd = end;
    // Ticks of the open bar may come in any order: the one published last is the bar's price.
    const newer =
      !previous ||
      tick.time > previous.time ||
      (tick.time === previous.time && tick.sequence > previous.sequence);
    if (newer) this.last.set(tick.market, { price: tick.price, time: tick.time, sequence: tick.sequence });
    return closed;
  }

  /** Closes every bar that ends before `time`, for a clock that goes on while no tick arrives. */
  closeBefore(time: number): Bar[] {
    const end = Math.ceil(time / this.length) * this.length;
    if (this.openBarEnd === null || end <= this.openBarEnd) return [];
    const closed = this.closeUntil(end);
    this.openBarEnd = end;
    return closed;
  }

  /** A market's prices in another unit from here on; bars that were closed keep theirs. */
  rescale(market: string, factor: number): void {
    const last = this.last.get(market);
    if (last !== undefined) last.price *= factor;
  }

  /** A market that is gone: the next bars do not have it. */
  forget(market: string): void {
    this.last.delete(market);
  }

  snapshot(): BarBuilderState {
    return {
      openBarEnd: this.openBarEnd,
      last: [...this.last].map(
        ([market, { price, time, sequence }]) => [market, price, time, sequence] as const,
      ),
    };
  }

  private closeUntil(end: number): Bar[] {
    const closed: Bar[] = [];
    if (this.openBarEnd === null) return closed;
    // After a very long silence only its last bars are made: there is nothing in the others.
    const first = Math.max(this.openBarEnd, end - MAXIMUM_SILENT_BARS * this.length);
    for (let barEnd = first; barEnd < end; barEnd += this.length) {
      const prices = new Map<string, number>();
      const stale = new Set<string>();
      for (const [market, { price, time }] of this.last) {
        prices.set(market, price);
        // A tick at the end of a bar is in it: at `barEnd − staleAfter` it is in the bar before.
        if (barEnd - time >= this.staleAfter) stale.add(market);
      }
      closed.push({ end: barEnd, prices, stale });
    }
    return closed;
  }
}
