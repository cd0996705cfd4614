import type { VenuePrice } from './venue.js';

/** Why a venue's price is not passed on. */
export const GATE_REFUSALS = [
  'unknown-symbol',
  'repeated',
  'lagging',
  'from-the-future',
  'wide',
  'throttled',
] as const;
export type GateRefusal = (typeof GATE_REFUSALS)[number];

/** Conditions on a venue's price to be passed on. Times are milliseconds. */
export interface GateSettings {
  /** a price older than this when it is received is not passed on */
  readonly lagMs: number;
  /** a venue's clock may be ahead of ours by this much */
  readonly skewMs: number;
  /** at most one price a market in this time */
  readonly everyMs: number;
  /** half-spread as a share of the price past which a book says nothing */
  readonly widest: number;
}

/**
 * Decides which prices of one connection are passed on: of symbols that were asked for, each once, neither old nor ahead of our
 * clock, of a book that is a market. Whether a price is true is for the marks to decide, over all sources.
 */
export class TickGate {
  private readonly last = new Map<string, { sequence: number; time: number; passedAt: number }>();

  constructor(
    private readonly markets: ReadonlyMap<string, string>,
    private readonly settings: GateSettings,
  ) {}

  /** A new connection: its sequences begin anew, its times do not go back. */
  reconnected(): void {
    for (const [symbol, last] of this.last) this.last.set(symbol, { ...last, sequence: -1 });
  }

  /** @returns the market whose tick it is, or why it is not passed on */
  judge(price: VenuePrice, receivedAt: number): { market: string } | { refusal: GateRefusal } {
    const market = this.markets.get(price.symbol);
    if (market === undefined) return { refusal: 'unknown-symbol' };
    const last = this.last.get(price.symbol);
    if (last !== undefined && (price.sequence <= last.sequence || price.time < last.time))
      return { refusal: 'repeated' };
    if (receivedAt - price.time > this.settings.lagMs) return { refusal: 'lagging' };
    if (price.time - receivedAt > this.settings.skewMs) return { refusal: 'from-the-future' };
    if (Number(price.confidence) > this.settings.widest * Number(price.price)) return { refusal: 'wide' };
    const passes = last === undefined || receivedAt - last.passedAt >= this.settings.everyMs;
    const passedAt = passes ? receivedAt : last.passedAt;
    this.last.set(price.symbol, { sequence: price.sequence, time: price.time, passedAt });
    return passes ? { market } : { refusal: 'throttled' };
  }
}
