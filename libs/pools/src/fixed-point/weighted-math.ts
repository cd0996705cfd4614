import { powWad } from './power.js';

// Swaps of a weighted pool as contracts compute them: 18-decimal fixed point, every rounding against whoever trades.

const ONE = 10n ** 18n;
/** Relative margin of powers that must not be too small, in units of 1e-18: that of the deployed pools and of ours. */
const POW_MARGIN = 10_000n;

const divideUp = (a: bigint, b: bigint) => (a === 0n ? 0n : (a - 1n) / b + 1n);
export const mulDown = (a: bigint, b: bigint): bigint => (a * b) / ONE;
export const mulUp = (a: bigint, b: bigint): bigint => divideUp(a * b, ONE);
export const divDown = (a: bigint, b: bigint): bigint => (a * ONE) / b;
export const divUp = (a: bigint, b: bigint): bigint => divideUp(a * ONE, b);

/** x to the power of y, never below it: exact where y is 1, 2 or 4, with a margin elsewhere. */
export function powUp(x: bigint, y: bigint): bigint {
  if (y === ONE) return x;
  if (y === 2n * ONE) return mulUp(x, x);
  if (y === 4n * ONE) return mulUp(mulUp(x, x), mulUp(x, x));
  const power = powWad(x, y);
  return power + mulUp(power, POW_MARGIN) + 1n;
}

/** A token of a pool. */
export interface FixedPointToken {
  /** with 18 decimals */
  readonly balance: bigint;
  readonly weight: bigint;
  /** 18 less its decimals, as a power of ten */
  readonly scale: bigint;
}

/**
 * Amount out for an amount in, both in units of their tokens.
 *
 * @param fee share of the amount in, 18 decimals
 */
export function outGivenIn(
  tokenIn: FixedPointToken,
  tokenOut: FixedPointToken,
  amount: bigint,
  fee: bigint,
): bigint {
  const scaled = amount * tokenIn.scale;
  const net = scaled - mulUp(scaled, fee);
  const base = divUp(tokenIn.balance, tokenIn.balance + net);
  const power = powUp(base, divDown(tokenIn.weight, tokenOut.weight));
  return power >= ONE ? 0n : mulDown(tokenOut.balance, ONE - power) / tokenOut.scale;
}

/** Amount in for an amount out, fee included, both in units of their tokens. */
export function inGivenOut(
  tokenIn: FixedPointToken,
  tokenOut: FixedPointToken,
  amount: bigint,
  fee: bigint,
): bigint {
  const scaled = amount * tokenOut.scale;
  const base = divUp(tokenOut.balance, tokenOut.balance - scaled);
  const power = powUp(base, divUp(tokenOut.weight, tokenIn.weight));
  const net = mulUp(tokenIn.balance, power - ONE);
  return divideUp(net + divideUp(net * fee, ONE - fee), tokenIn.scale);
}
