import { InvalidInputError } from '#lib/errors';

/** Order of the scalar field of BN254, in which circuits compute. */
export const FIELD_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Fixed point in circuits: a value v is the integer nearest to v·2^24. */
export const SCALE_BITS = 24;
const UNIT = 2 ** SCALE_BITS;
/** Of values: four limbs of ten bits and a sign, with room for products before they are rescaled. */
const LIMIT = 2 ** 15;
const WIDE_LIMIT = 2 ** 31;

/**
 * The fixed-point integer of a number. A field has no overflow, it wraps around: numbers out of range are refused here, the
 * one place where numbers enter a circuit.
 *
 * @throws {InvalidInputError} for a number that is not finite, or not within ±2^15
 */
export function quantise(value: number, field: string): bigint {
  if (!(Math.abs(value) < LIMIT)) {
    throw new InvalidInputError(field, `must be within ±${LIMIT} to fit a circuit, got ${value}`);
  }
  return BigInt(Math.round(value * UNIT));
}

/**
 * Like {@link quantise}, for numbers that a circuit only adds and multiplies exactly: within ±2^31.
 *
 * @throws {InvalidInputError} for a number that is not finite, or not within ±2^31
 */
export function quantiseWide(value: number, field: string): bigint {
  if (!(Math.abs(value) < WIDE_LIMIT)) {
    throw new InvalidInputError(field, `must be within ±${WIDE_LIMIT} to fit a circuit, got ${value}`);
  }
  return BigInt(Math.round(value * UNIT));
}

/** The number that a fixed-point integer stands for. */
export function dequantise(fixed: bigint): number {
  return Number(fixed) / UNIT;
}

/** The element of the field, from 0 up, that an integer is: negative numbers are field order minus magnitude. */
export function fieldElement(value: bigint): bigint {
  return ((value % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER;
}

/** A field element as ezkl reads it: 32 bytes, little-endian, hexadecimal. Negative numbers are field order minus magnitude. */
export function toFelt(value: bigint): string {
  return Buffer.from(fieldElement(value).toString(16).padStart(64, '0'), 'hex').reverse().toString('hex');
}

/**
 * The field element, from 0 up, of a text that {@link toFelt} writes.
 *
 * @throws {InvalidInputError} for a text that is no 32 bytes, or not below the field's order
 */
export function parseFelt(hex: string, field: string): bigint {
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new InvalidInputError(
      field,
      `must be a field element of 64 hexadecimal digits, got "${hex.slice(0, 80)}"`,
    );
  }
  const element = BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
  if (element >= FIELD_ORDER) throw new InvalidInputError(field, 'must be below the field’s order');
  return element;
}

/** The integer that a field element from 0 up stands for: the upper half of the field is negative. */
export function signedInteger(element: bigint): bigint {
  return element > FIELD_ORDER / 2n ? element - FIELD_ORDER : element;
}

/**
 * The integer of a text that {@link toFelt} writes.
 *
 * @throws {InvalidInputError} as {@link parseFelt}
 */
export function fromFelt(hex: string, field: string): bigint {
  return signedInteger(parseFelt(hex, field));
}
