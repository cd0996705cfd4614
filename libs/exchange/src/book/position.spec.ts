import { describe, expect, it } from 'vitest';
import { tradePosition } from './position.js';

/** Price of one and a half: three units are worth 4.5, of which a buyer pays 5 and a seller gets 4. */
const PRICE = 15n * 10n ** 11n;
const held = (size: bigint, entryNotional: bigint) => ({ size, entryNotional });
const after = (size: bigint, entryNotional: bigint, traded: bigint) => {
  const { position, realisedPnl } = tradePosition(held(size, entryNotional), traded, PRICE);
  return [position.size, position.entryNotional, realisedPnl];
};

describe(tradePosition, () => {
  it.each([
    // held size and entry, traded, then size, entry and realised gain
    ['opens a long, rounded against it', 0n, 0n, 3n, 3n, 5n, 0n],
    ['opens a short, rounded against it', 0n, 0n, -3n, -3n, -4n, 0n],
    ['adds to a long', 10n, 7n, 3n, 13n, 12n, 0n],
    ['adds to a short', -10n, -7n, -3n, -13n, -11n, 0n],
    // 3 of 10 take 2.1 of the entry of 7 along, rounded up, and bring 4.5, rounded down.
    ['closes a part of a long', 10n, 7n, -3n, 7n, 4n, 1n],
    // A short of 10 at −7: 3 bought back cost 5 and take −2.1 along, rounded up to −2.
    ['closes a part of a short', -10n, -7n, 3n, -7n, -5n, -3n],
    ['closes a long', 3n, 7n, -3n, 0n, 0n, -3n],
    ['closes a short', -3n, -7n, 3n, 0n, 0n, 2n],
    ['turns a long', 3n, 7n, -6n, -3n, -4n, -3n],
    ['turns a short', -3n, -7n, 6n, 3n, 5n, 2n],
    ['trades nothing of a long', 3n, 7n, 0n, 3n, 7n, 0n],
  ])('%s', (_what, size, entry, traded, ...expected) => {
    expect(after(size, entry, traded)).toEqual(expected);
  });
});
