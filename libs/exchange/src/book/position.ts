import { divide, magnitude, notionalOf } from '#lib/amounts';

/** One account's open position in one market. */
export interface Position {
  /** signed, 10^−8 base units */
  readonly size: bigint;
  /** signed Σ size × entry price of the open size, money */
  readonly entryNotional: bigint;
}

export const FLAT: Position = { size: 0n, entryNotional: 0n };

export interface PositionChange {
  readonly position: Position;
  /** the trader's gain on the closed part, money */
  readonly realisedPnl: bigint;
}

const sameSign = (a: bigint, b: bigint) => a >= 0n === b >= 0n;

/**
 * Trades `size` at `price`: an increase enters at the trade's price; a reduction leaves at the
 * average entry price and realises the difference; a trade through zero does both. Every rounding is against
 * the trader.
 */
export function tradePosition(
  { size: held, entryNotional }: Position,
  size: bigint,
  price: bigint,
): PositionChange {
  if (held === 0n || sameSign(held, size)) {
    const added = notionalOf(size, price, 'up');
    return { position: { size: held + size, entryNotional: entryNotional + added }, realisedPnl: 0n };
  }
  const closed = magnitude(size) <= magnitude(held) ? size : -held;
  // −closed/held of the entry notional leaves with the closed part.
  const released =
    held > 0n ? divide(entryNotional * -closed, held, 'up') : divide(entryNotional * closed, -held, 'up');
  const proceeds = notionalOf(-closed, price, 'down');
  const remaining: Position =
    closed === -held ? FLAT : { size: held + closed, entryNotional: entryNotional - released };
  const realisedPnl = proceeds - (closed === -held ? entryNotional : released);
  if (closed === size) return { position: remaining, realisedPnl };
  const opened = size - closed;
  return { position: { size: opened, entryNotional: notionalOf(opened, price, 'up') }, realisedPnl };
}
