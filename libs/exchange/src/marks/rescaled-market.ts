import { divide, formatDecimal, parseDecimal, PRICE_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';

/** Decimal places of a factor. */
export const FACTOR_DECIMALS = 12;
const LARGEST_FACTOR = 10n ** 9n;

/** A factor that a market is rescaled by, exact: `numerator / 10^FACTOR_DECIMALS`. */
export interface RescaleFactor {
  readonly numerator: bigint;
  readonly value: number;
  readonly text: string;
}

/**
 * Reads the factor of an order.
 *
 * @throws {InvalidInputError} for one that is left out, is 1, or is not from 10⁻⁹ to 10⁹
 */
export function rescaleFactor(text: string | undefined): RescaleFactor {
  if (text === undefined) throw new InvalidInputError('factor', 'is needed: how many old units a new one is');
  const numerator = parseDecimal(text, FACTOR_DECIMALS, 'factor');
  const one = 10n ** BigInt(FACTOR_DECIMALS);
  if (numerator === one) throw new InvalidInputError('factor', 'is 1: nothing would change');
  if (numerator * LARGEST_FACTOR < one || numerator > LARGEST_FACTOR * one)
    throw new InvalidInputError('factor', `must be from 0.000000001 to 1000000000, got ${text}`);
  return { numerator, value: Number(text), text };
}

/** A price in the new unit, rounded to the nearest. */
export function rescaledPrice(price: bigint, { numerator }: RescaleFactor): bigint {
  return divide(price * numerator, 10n ** BigInt(FACTOR_DECIMALS), 'nearest');
}

/** A size in the new unit, rounded towards zero: the remainder is the holder's in money. */
export function rescaledSize(size: bigint, { numerator }: RescaleFactor): bigint {
  const scaled = size * 10n ** BigInt(FACTOR_DECIMALS);
  // BigInt division truncates.
  return scaled / numerator;
}

/** A price's text in the new unit. */
export function rescaledText(text: string, factor: RescaleFactor): string {
  const price = rescaledPrice(parseDecimal(text, PRICE_DECIMALS, 'price'), factor);
  return formatDecimal(price, PRICE_DECIMALS);
}
