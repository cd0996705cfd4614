import type { MarketSignals } from '../market/market-signals.js';
import type { Venue } from '../venues/venue.js';

/** Who trades in the lab. */
export interface TraderFlow {
  /** Commands of a bar, after its marks and liquidations. */
  act(bar: number, venue: Venue, signals: MarketSignals): void;
}

/** A size with four significant digits, without an exponent; undefined where nothing is left. */
export function sizeText(size: number): string | undefined {
  if (!Number.isFinite(size) || size === 0) return undefined;
  const text = size.toPrecision(4);
  const plain = text.includes('e') ? Number(text).toFixed(8) : text;
  const [whole, fraction = ''] = plain.split('.');
  const cut = fraction.length > 8 ? `${whole}.${fraction.slice(0, 8)}` : plain;
  return Number(cut) === 0 ? undefined : cut;
}
