import { type Hex, decodeAbiParameters, encodeAbiParameters, parseAbiParameters, toHex } from 'viem';
import { bytesOf, type PoolAmounts, totalsOf } from '#lib/commitment';
import { InvalidInputError } from '#lib/errors';
import { marketBytes } from './encoding.js';

/** Opening of a book's root, as `BookBinding.requireBook` decodes it. */
const OPENING = parseAbiParameters([
  'bytes32 digest, Pool pool, bytes places, bytes sums, bytes32 journal, uint256 entries',
  'struct Pool { int256 capital; int256 liquidity; int256 pending; int256 other; }',
]);

/** A book's commitment, opened. */
export interface OpenedBook {
  /** of the tree's root */
  readonly digest: Hex;
  /** of all accounts */
  readonly sums: Hex;
  readonly pool: PoolAmounts;
  /** of the changes of the pool's book since the epoch before */
  readonly journal: { readonly root: Hex; readonly entries: number };
}

/**
 * An epoch's opening of its book, published beside the proofs.
 *
 * @param markets of the epoch, in the order of its proofs
 * @throws {InvalidInputError} for sums with a market that the epoch does not have
 */
export function encodeBook({ digest, sums, pool, journal }: OpenedBook, markets: readonly string[]): Hex {
  const places = totalsOf(bytesOf(sums)).markets.map(({ market }) => {
    const place = markets.indexOf(market);
    if (place < 0) throw new InvalidInputError('sums', `have ${market}, which the epoch has not`);
    return place;
  });
  return encodeAbiParameters(OPENING, [
    ...([digest, pool, toHex(Uint8Array.from(places)), sums] as const),
    ...([journal.root, BigInt(journal.entries)] as const),
  ]);
}

/** @throws for bytes that open nothing */
export function decodeBook(book: Hex): OpenedBook {
  const [digest, pool, , sums, root, entries] = decodeAbiParameters(OPENING, book);
  return { digest, sums, pool, journal: { root, entries: Number(entries) } };
}

/** Net size and entry notional by market's 32 bytes, of sums. */
export function positionsOf(sums: Hex): Map<Hex, { readonly net: bigint; readonly entry: bigint }> {
  return new Map(
    totalsOf(bytesOf(sums)).markets.map(({ market, long, short, entry }) => [
      marketBytes(market),
      { net: long - short, entry },
    ]),
  );
}
