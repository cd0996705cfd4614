import { InvalidInputError, ZkriskError } from '#lib/errors';

/**
 * Sums over accounts, as bytes of 32-byte words, big-endian, as a contract reads them:
 *
 *     cash 16 | debt 16                      money, 10^−8: positive cash, and negative cash without its sign
 *     shares 16 | accounts 16             providers' shares of L, 10^−8; how many accounts there are
 *     name 32                                for each market by ascending name: ASCII, left-aligned
 *     long 16 | short 16                     sizes, 10^−8 base units, each without sign
 *     entry 16 | accrual 16                  Σ size × entry price, money; Σ size × funding index; signed, two's complement
 *
 * Cash and sizes of either sign are counted apart: an invented account adds to a sum and can never take from another's.
 */
export type Sums = Uint8Array;

/** Sums as numbers. */
export interface Holdings {
  /** money, 10^−8; negative for an account that owes */
  readonly cash: bigint;
  /** a provider's shares of L, 10^−8 */
  readonly shares: bigint;
  readonly positions: readonly {
    readonly market: string;
    /** signed, 10^−8 base units */
    readonly size: bigint;
    /** Σ size × entry price, money */
    readonly entry: bigint;
    /** Σ size × funding index since when funding is unpaid */
    readonly accrual: bigint;
  }[];
}

/** Sums of many accounts' `Holdings`, read back from bytes. */
export interface Totals {
  readonly cash: bigint;
  readonly debt: bigint;
  readonly shares: bigint;
  readonly accounts: bigint;
  readonly markets: readonly {
    readonly market: string;
    readonly long: bigint;
    readonly short: bigint;
    readonly entry: bigint;
    readonly accrual: bigint;
  }[];
}

/** Bytes that are no sums. */
export class SumsInvalidError extends ZkriskError {
  readonly code = 'sums-invalid';
}

export const HEADER_BYTES = 64;
export const MARKET_BYTES = 96;
const HALF = 16;
const NAME = 32;
const LARGEST = 2n ** 127n - 1n;
const LOW = 2n ** 64n - 1n;
const NAME_PATTERN = /^[\x21-\x7e]{1,32}$/;

/** Sums of no accounts. */
export const NO_SUMS: Sums = new Uint8Array(HEADER_BYTES);

const viewOf = (sums: Sums) => new DataView(sums.buffer, sums.byteOffset, sums.byteLength);

/**
 * One account's sums.
 *
 * @throws {InvalidInputError} for amounts of 128 bits or more, a market twice, or a name that is none
 */
export function accountSums({ cash, shares, positions }: Holdings): Sums {
  const open = positions
    .filter(({ size, entry, accrual }) => size !== 0n || entry !== 0n || accrual !== 0n)
    .sort((a, b) => (a.market < b.market ? -1 : 1));
  const sums = new Uint8Array(HEADER_BYTES + MARKET_BYTES * open.length);
  const view = viewOf(sums);
  write(view, 0, cash > 0n ? cash : 0n, 'cash');
  write(view, HALF, cash < 0n ? -cash : 0n, 'debt');
  if (shares < 0n) throw new InvalidInputError('shares', `must not be negative, got ${shares}`);
  write(view, 2 * HALF, shares, 'shares');
  write(view, 3 * HALF, 1n, 'accounts');
  open.forEach(({ market, size, entry, accrual }, i) => {
    if (!NAME_PATTERN.test(market))
      throw new InvalidInputError('market', `must be 1 to 32 ASCII characters, got "${market}"`);
    if (market === open[i - 1]?.market) throw new InvalidInputError('market', `${market} comes twice`);
    const at = HEADER_BYTES + MARKET_BYTES * i;
    for (let c = 0; c < market.length; c++) sums[at + c] = market.charCodeAt(c);
    write(view, at + NAME, size > 0n ? size : 0n, 'long');
    write(view, at + NAME + HALF, size < 0n ? -size : 0n, 'short');
    write(view, at + NAME + 2 * HALF, entry, 'entry');
    write(view, at + NAME + 3 * HALF, accrual, 'accrual');
  });
  return sums;
}

/** @throws {SumsInvalidError} for bytes that are no sums */
export function totalsOf(sums: Sums): Totals {
  requireSums(sums);
  const view = viewOf(sums);
  const markets = [];
  for (let at = HEADER_BYTES; at < sums.length; at += MARKET_BYTES)
    markets.push({
      market: nameAt(sums, at),
      long: unsigned(view, at + NAME),
      short: unsigned(view, at + NAME + HALF),
      entry: signed(view, at + NAME + 2 * HALF),
      accrual: signed(view, at + NAME + 3 * HALF),
    });
  return {
    cash: unsigned(view, 0),
    debt: unsigned(view, HALF),
    shares: unsigned(view, 2 * HALF),
    accounts: unsigned(view, 3 * HALF),
    markets,
  };
}

/**
 * @throws {SumsInvalidError} for bytes of another length, markets out of order or twice, and names that are none
 */
export function requireSums(sums: Sums): void {
  if (sums.length < HEADER_BYTES || (sums.length - HEADER_BYTES) % MARKET_BYTES !== 0)
    throw new SumsInvalidError(
      `sums have ${HEADER_BYTES} bytes and ${MARKET_BYTES} a market, not ${sums.length}`,
    );
  for (let at = HEADER_BYTES; at < sums.length; at += MARKET_BYTES) {
    let end = at;
    while (end < at + NAME && sums[end] >= 0x21 && sums[end] <= 0x7e) end++;
    // Behind a name are zeros: one name has one encoding.
    for (let i = end; i < at + NAME; i++)
      if (end === at || sums[i] !== 0) throw new SumsInvalidError(`"${nameAt(sums, at)}" is no market`);
    if (at > HEADER_BYTES && compareNames(sums, at - MARKET_BYTES, sums, at) >= 0)
      throw new SumsInvalidError(`${nameAt(sums, at)} is out of order`);
  }
}

/**
 * The sums of both, byte by byte: this runs once for every node of the tree, and views of parts of them would cost more than the sums.
 *
 * @throws {SumsInvalidError} where a sum needs more than 128 bits
 */
export function addSums(a: Sums, b: Sums): Sums {
  const merged = new Uint8Array(HEADER_BYTES + MARKET_BYTES * marketsOfBoth(a, b));
  for (let at = 0; at < HEADER_BYTES; at += HALF) add(a, at, b, at, merged, at, false);
  let i = HEADER_BYTES;
  let j = HEADER_BYTES;
  for (let at = HEADER_BYTES; at < merged.length; at += MARKET_BYTES) {
    const order = i >= a.length ? 1 : j >= b.length ? -1 : compareNames(a, i, b, j);
    if (order < 0) copy(a, i, merged, at, MARKET_BYTES);
    else copy(b, j, merged, at, order > 0 ? MARKET_BYTES : NAME);
    if (order === 0)
      for (let field = NAME; field < MARKET_BYTES; field += HALF)
        add(a, i + field, b, j + field, merged, at + field, field >= NAME + 2 * HALF);
    if (order <= 0) i += MARKET_BYTES;
    if (order >= 0) j += MARKET_BYTES;
  }
  return merged;
}

function copy(from: Sums, i: number, to: Uint8Array, at: number, length: number): void {
  for (let k = 0; k < length; k++) to[at + k] = from[i + k];
}

function marketsOfBoth(a: Sums, b: Sums): number {
  let [i, j, count] = [HEADER_BYTES, HEADER_BYTES, 0];
  for (; i < a.length && j < b.length; count++) {
    const order = compareNames(a, i, b, j);
    if (order <= 0) i += MARKET_BYTES;
    if (order >= 0) j += MARKET_BYTES;
  }
  return count + (a.length - i + b.length - j) / MARKET_BYTES;
}

function compareNames(a: Sums, i: number, b: Sums, j: number): number {
  for (let c = 0; c < NAME; c++) {
    const difference = a[i + c] - b[j + c];
    if (difference !== 0) return difference;
    if (a[i + c] === 0) return 0;
  }
  return 0;
}

function add(a: Sums, i: number, b: Sums, j: number, to: Uint8Array, at: number, isSigned: boolean): void {
  let carry = 0;
  for (let k = HALF - 1; k >= 0; k--) {
    const sum = a[i + k] + b[j + k] + carry;
    to[at + k] = sum;
    carry = sum >> 8;
  }
  const first = a[i] >> 7;
  if (isSigned ? first === b[j] >> 7 && to[at] >> 7 !== first : carry === 1)
    throw new SumsInvalidError('a sum needs more than 128 bits');
}

function write(view: DataView, at: number, value: bigint, field: string): void {
  // Sums begin as zeros.
  if (value === 0n) return;
  if (value > LARGEST || value < -LARGEST - 1n)
    throw new InvalidInputError(field, `must be within 127 bits, got ${value}`);
  view.setBigInt64(at, value >> 64n);
  view.setBigUint64(at + 8, value & LOW);
}

const unsigned = (view: DataView, at: number) => (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8);
const signed = (view: DataView, at: number) => (view.getBigInt64(at) << 64n) | view.getBigUint64(at + 8);

function nameAt(sums: Sums, at: number): string {
  let end = at;
  while (end < at + NAME && sums[end] !== 0) end++;
  return String.fromCharCode(...sums.subarray(at, end));
}
