import { InvalidInputError } from '#lib/errors';
import { parseDecimal, SIZE_DECIMALS } from '#lib/amounts';

/** A trade's whole size in one market. */
export interface NettedLeg {
  readonly market: string;
  readonly size: bigint;
  /** the execution price agreed, where one was */
  readonly mark: string | undefined;
}

/**
 * Legs netted by market, in the order in which the markets first come: whatever is checked or priced, is checked and priced of the
 * whole. A market whose legs cancel stays, with a size of 0, which is refused.
 *
 * @param marks agreed execution prices, one a leg
 * @throws {InvalidInputError} for a size that is none, or a market that has two agreed prices
 */
export function nettedLegs(
  legs: readonly { readonly market: string; readonly size: string }[],
  marks?: readonly string[],
): NettedLeg[] {
  if (legs.length === 1) {
    const [{ market, size }] = legs;
    return [{ market, size: parseDecimal(size, SIZE_DECIMALS, 'legs.size'), mark: marks?.[0] }];
  }
  const netted = new Map<string, NettedLeg>();
  for (let i = 0; i < legs.length; i++) {
    const { market, size } = legs[i];
    const exact = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
    const known = netted.get(market);
    if (known !== undefined && marks !== undefined)
      throw new InvalidInputError(
        `legs.${i}.market`,
        `${market} is there twice: a quote has one price a market`,
      );
    netted.set(market, { market, size: exact + (known?.size ?? 0n), mark: marks?.[i] });
  }
  return [...netted.values()];
}
