import { InvalidInputError } from '#lib/errors';

/** Decimal places of the exact amounts in the books. The smallest unit of each is 10^−places. */
export const MONEY_DECIMALS = 8;
export const SIZE_DECIMALS = 8;
export const PRICE_DECIMALS = 12;

/** Which way a division that does not come out even is rounded. */
export type Rounding = 'down' | 'up' | 'nearest';

/** a / b rounded towards −∞, +∞ or the nearest (halves away from zero); b > 0. */
export function divide(a: bigint, b: bigint, rounding: Rounding): bigint {
  const quotient = a / b;
  const remainder = a % b;
  if (remainder === 0n) return quotient;
  switch (rounding) {
    case 'down':
      return a < 0n ? quotient - 1n : quotient;
    case 'up':
      return a > 0n ? quotient + 1n : quotient;
    case 'nearest': {
      const doubled = 2n * (remainder < 0n ? -remainder : remainder);
      if (doubled < b) return quotient;
      return a < 0n ? quotient - 1n : quotient + 1n;
    }
  }
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Exact value of a decimal string in units of 10^−decimals.
 *
 * @throws {InvalidInputError} for anything but a plain decimal number, or more decimal places than the books keep
 */
export function parseDecimal(text: string, decimals: number, field: string): bigint {
  const match = DECIMAL.exec(text);
  if (match === null || text.length > 60) {
    throw new InvalidInputError(
      field,
      `must be a decimal number like "12.5", got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  const [, sign, whole, given = ''] = match;
  const fraction = given.replace(/0+$/, '');
  if (fraction.length > decimals) {
    throw new InvalidInputError(
      field,
      `has ${fraction.length} decimal places, at most ${decimals} are kept: ${text}`,
    );
  }
  const magnitude = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

/** Shortest decimal string of an exact amount. */
export function formatDecimal(value: bigint, decimals: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${sign}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Nearest float64, for the quantitative libraries. */
export function toNumber(value: bigint, decimals: number): number {
  return Number(value) / 10 ** decimals;
}

/**
 * Exact amount from a float64, rounded as asked.
 *
 * @throws {InvalidInputError} where the number is not finite or past 2^53 smallest units would lose digits that matter
 */
export function fromNumber(value: number, decimals: number, rounding: Rounding, field: string): bigint {
  if (!Number.isFinite(value) || Math.abs(value) > 1e21) {
    throw new InvalidInputError(field, `must be a finite amount below 1e21, got ${value}`);
  }
  // toFixed is exact in binary: 20 more places than are kept decide the rounding.
  const extra = Math.min(100, decimals + 20);
  return divide(parseDecimal(value.toFixed(extra), extra, field), 10n ** BigInt(extra - decimals), rounding);
}

const NOTIONAL_SHIFT = 10n ** BigInt(SIZE_DECIMALS + PRICE_DECIMALS - MONEY_DECIMALS);

/** size × price in money. */
export function notionalOf(size: bigint, price: bigint, rounding: Rounding): bigint {
  return divide(size * price, NOTIONAL_SHIFT, rounding);
}
