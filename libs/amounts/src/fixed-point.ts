import { InvalidInputError } from '#lib/errors';

/** Decimal places of the exact amounts in the books. The smallest unit of each is 10^−places. */
export const MONEY_DECIMALS = 8;
export const SIZE_DECIMALS = 8;
export const PRICE_DECIMALS = 12;
/** of shares of pools on a chain */
export const UNIT_DECIMALS = 18;

/** Which way a division that does not come out even is rounded. */
export type Rounding = 'down' | 'up' | 'nearest';

/** a / b rounded towards −∞, +∞ or the nearest (halves away from zero); b > 0. */
export function divide(a: bigint, b: bigint, rounding: Rounding): bigint {
  // One division: the remainder by multiplication costs less than a second one.
  const towardsZero = a / b;
  const remainder = a - towardsZero * b;
  if (remainder === 0n) return towardsZero;
  const below = remainder < 0n ? towardsZero - 1n : towardsZero;
  if (rounding === 'down') return below;
  if (rounding === 'up') return below + 1n;
  const twice = 2n * (a - below * b);
  if (twice === b) return a < 0n ? below : below + 1n;
  return twice < b ? below : below + 1n;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Exact value of a decimal string in units of 10^−decimals.
 *
 * @throws {InvalidInputError} for anything but a plain decimal number, or more decimal places than the books keep
 */
export function parseDecimal(text: string, decimals: number, field: string): bigint {
  return parseShort(text, decimals) ?? parseAny(text, decimals, field);
}

/** Amounts of up to 15 digits go through float64 integers, exactly; undefined for everything else. */
function parseShort(text: string, decimals: number): bigint | undefined {
  const first = text.charCodeAt(0) === 45 ? 1 : 0;
  const length = text.length;
  if (length - first > 15 || length === first) return undefined;
  let digits = 0;
  let point = -1;
  for (let i = first; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits = 10 * digits + code - 48;
    else if (code === 46 && point < 0 && i > first && i < length - 1) point = i;
    else return undefined;
  }
  const shift = decimals - (point < 0 ? 0 : length - point - 1);
  if (shift < 0) return undefined;
  const scaled = digits * power(shift);
  if (scaled > Number.MAX_SAFE_INTEGER) return undefined;
  return BigInt(first === 1 ? -scaled : scaled);
}

function parseAny(text: string, decimals: number, field: string): bigint {
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

/**
 * {@link parseDecimal} for amounts that come finer than they are kept (prices written by other programs): rounded to
 * the nearest.
 */
export function roundDecimal(text: string, decimals: number, field: string): bigint {
  // Without a point that is the length: more places than there are lose nothing.
  const given = text.length - 1 - text.indexOf('.');
  if (given <= decimals) return parseDecimal(text, decimals, field);
  return divide(parseDecimal(text, given, field), 10n ** BigInt(given - decimals), 'nearest');
}

/** 10^i as float64: the exact ones, faster than they are computed. */
const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);
const power = (exponent: number) => POWERS[exponent] ?? 10 ** exponent;

/** Shortest decimal string of an exact amount. */
export function formatDecimal(value: bigint, decimals: number): string {
  const short = Number(value);
  return Math.abs(short) < Number.MAX_SAFE_INTEGER && decimals <= 15
    ? formatShort(short, decimals)
    : formatAny(value, decimals);
}

/** Amounts that a float64 holds exactly are divided as float64 integers. */
function formatShort(value: number, decimals: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? '-' : '';
  const unit = POWERS[decimals];
  // The remainder of floats is a call of the C library. The quotient is never rounded up to a whole number k: it is k/(k·unit) or more
  // away from k, and k·unit is below 2^53, so that is more than half of the distance between floats there.
  const whole = Math.floor(magnitude / unit);
  let fraction = magnitude - whole * unit;
  if (fraction === 0) return `${sign}${whole}`;
  let places = decimals;
  for (let shorter = fraction / 10; Number.isInteger(shorter); shorter = fraction / 10) {
    fraction = shorter;
    places--;
  }
  const digits = String(fraction);
  return `${sign}${whole}.${'000000000000000'.slice(0, places - digits.length)}${digits}`;
}

function formatAny(value: bigint, decimals: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = magnitude(value)
    .toString()
    .padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${sign}${digits.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A decimal string with the other sign; zero stays '0'. */
export function negated(decimal: string): string {
  if (/^-?0(\.0*)?$/.test(decimal)) return '0';
  return decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`;
}

/** Nearest float64, for the quantitative libraries. */
export function toNumber(value: bigint, decimals: number): number {
  return Number(value) / power(decimals);
}

/**
 * Amount nearest to a float64 in the books' units, rounded as asked. Where the amount in smallest units fits a
 * float64 exactly it is that product, rounded; larger amounts are expanded digit by digit.
 *
 * @throws {InvalidInputError} where the number is not finite or not below 1e21
 */
export function fromNumber(value: number, decimals: number, rounding: Rounding, field: string): bigint {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) {
    throw new InvalidInputError(field, `must be a finite amount below 1e21, got ${value}`);
  }
  const scaled = value * power(decimals);
  if (Math.abs(scaled) < Number.MAX_SAFE_INTEGER) {
    if (rounding === 'down') return BigInt(Math.floor(scaled));
    return BigInt(rounding === 'up' ? Math.ceil(scaled) : Math.sign(scaled) * Math.round(Math.abs(scaled)));
  }
  const extra = decimals + 20;
  return divide(parseDecimal(value.toFixed(extra), extra, field), 10n ** 20n, rounding);
}

/** size × price over this is money. */
export const NOTIONAL_SCALE = 10n ** BigInt(SIZE_DECIMALS + PRICE_DECIMALS - MONEY_DECIMALS);

/** size × price in money. */
export function notionalOf(size: bigint, price: bigint, rounding: Rounding): bigint {
  return divide(size * price, NOTIONAL_SCALE, rounding);
}

/** |value|. */
export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** max(value, 0). */
export function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

/** Decimal string of an exact money amount. */
export function formatMoney(amount: bigint): string {
  return formatDecimal(amount, MONEY_DECIMALS);
}
