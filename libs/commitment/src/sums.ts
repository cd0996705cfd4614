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
/** bytes that are added at once */
const WORD = 4;
const LARGEST = 2n ** 127n - 1n;
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
  writeHalf(view, 0, cash > 0n ? cash : 0n, 'cash');
  writeHalf(view, HALF, cash < 0n ? -cash : 0n, 'debt');
  if (shares < 0n) throw new InvalidInputError('shares', `must not be negative, got ${shares}`);
  writeHalf(view, 2 * HALF, shares, 'shares');
  writeHalf(view, 3 * HALF, 1n, 'accounts');
  open.forEach(({ market, size, entry, accrual }, i) => {
    if (market === open[i - 1]?.market) throw new InvalidInputError('market', `${market} comes twice`);
    const at = HEADER_BYTES + MARKET_BYTES * i;
    writeName(sums, at, market);
    writeHalf(view, at + NAME, size > 0n ? size : 0n, 'long');
    writeHalf(view, at + NAME + HALF, size < 0n ? -size : 0n, 'short');
    writeHalf(view, at + NAME + 2 * HALF, entry, 'entry');
    writeHalf(view, at + NAME + 3 * HALF, accrual, 'accrual');
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
  const view = viewOf(sums);
  for (let at = HEADER_BYTES; at < sums.length; at += MARKET_BYTES) {
    let end = at;
    while (end < at + NAME && sums[end] >= 0x21 && sums[end] <= 0x7e) end++;
    // Behind a name are zeros: one name has one encoding.
    for (let i = end; i < at + NAME; i++)
      if (end === at || sums[i] !== 0) throw new SumsInvalidError(`"${nameAt(sums, at)}" is no market`);
    if (at > HEADER_BYTES && compareNames(view, at - MARKET_BYTES, view, at) >= 0)
      throw new SumsInvalidError(`${nameAt(sums, at)} is out of order`);
  }
}

/** A buffer's part that holds sums. */
export interface SumsSpan {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/**
 * The sums of both.
 *
 * @throws {SumsInvalidError} where a sum needs more than 128 bits
 */
export function addSums(a: Sums, b: Sums): Sums {
  const merged = new Uint8Array(a.length + b.length - HEADER_BYTES);
  const end = addSpans(spanOf(a), spanOf(b), viewOf(merged), 0);
  return end === merged.length ? merged : merged.slice(0, end);
}

export const spanOf = (sums: Sums): SumsSpan => ({ view: viewOf(sums), start: 0, end: sums.length });

/**
 * Writes the sums of both behind `at`, in words of 32 bits and without a buffer of its own: this runs for every node of the tree.
 *
 * @param to with room for the markets of both
 * @returns where they end
 * @throws {SumsInvalidError} where a sum needs more than 128 bits
 */
export function addSpans(a: SumsSpan, b: SumsSpan, to: DataView, at: number): number {
  const [va, vb] = [a.view, b.view];
  for (let field = 0; field < HEADER_BYTES; field += HALF)
    add(va, a.start + field, vb, b.start + field, to, at + field, false);
  let [i, j, end] = [a.start + HEADER_BYTES, b.start + HEADER_BYTES, at + HEADER_BYTES];
  while (i < a.end || j < b.end) {
    const order = i >= a.end ? 1 : j >= b.end ? -1 : compareNames(va, i, vb, j);
    if (order < 0) copy(va, i, to, end, MARKET_BYTES);
    else copy(vb, j, to, end, order > 0 ? MARKET_BYTES : NAME);
    if (order === 0)
      for (let field = NAME; field < MARKET_BYTES; field += HALF)
        add(va, i + field, vb, j + field, to, end + field, field >= NAME + 2 * HALF);
    if (order <= 0) i += MARKET_BYTES;
    if (order >= 0) j += MARKET_BYTES;
    end += MARKET_BYTES;
  }
  return end;
}

function copy(from: DataView, i: number, to: DataView, at: number, length: number): void {
  for (let k = 0; k < length; k += WORD) to.setUint32(at + k, from.getUint32(i + k));
}

function compareNames(a: DataView, i: number, b: DataView, j: number): number {
  for (let c = 0; c < NAME; c += WORD) {
    const [first, second] = [a.getUint32(i + c), b.getUint32(j + c)];
    if (first !== second) return first < second ? -1 : 1;
    // Behind a name are zeros.
    if ((first & 0xff) === 0) return 0;
  }
  return 0;
}

function add(
  a: DataView,
  i: number,
  b: DataView,
  j: number,
  to: DataView,
  at: number,
  isSigned: boolean,
): void {
  let carry = 0;
  for (let k = HALF - WORD; k >= 0; k -= WORD) {
    const sum = a.getUint32(i + k) + b.getUint32(j + k) + carry;
    to.setUint32(at + k, sum);
    carry = sum >= 2 ** 32 ? 1 : 0;
  }
  const [first, second, top] = [a.getUint8(i) >> 7, b.getUint8(j) >> 7, to.getUint8(at) >> 7];
  if (isSigned ? first === second && top !== first : carry === 1)
    throw new SumsInvalidError('a sum needs more than 128 bits');
}

/** A market's name, left-aligned in a word of zeros. @throws {InvalidInputError} for a name that is none */
export function writeName(bytes: Uint8Array, at: number, market: string): void {
  if (!NAME_PATTERN.test(market))
    throw new InvalidInputError('market', `must be 1 to 32 ASCII characters, got "${market}"`);
  for (let c = 0; c < market.length; c++) bytes[at + c] = market.charCodeAt(c);
}

/**
 * Writes 16 bytes, two's complement, into a buffer of zeros.
 *
 * @throws {InvalidInputError} for an amount of 128 bits or more
 */
export function writeHalf(view: DataView, at: number, value: bigint, field: string): void {
  if (value === 0n) return;
  if (value > LARGEST || value < -LARGEST - 1n)
    throw new InvalidInputError(field, `must be within 127 bits, got ${value}`);
  const low = BigInt.asIntN(64, value);
  // Most amounts have 64 bits.
  view.setBigInt64(at, low === value ? (value < 0n ? -1n : 0n) : value >> 64n);
  view.setBigInt64(at + 8, low);
}

const unsigned = (view: DataView, at: number) => (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8);
const signed = (view: DataView, at: number) => (view.getBigInt64(at) << 64n) | view.getBigUint64(at + 8);

function nameAt(sums: Sums, at: number): string {
  let end = at;
  while (end < at + NAME && sums[end] !== 0) end++;
  return String.fromCharCode(...sums.subarray(at, end));
}
