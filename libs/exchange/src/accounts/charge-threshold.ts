/**
 * A credit rate that has moved by less than a fourth of it, or by less than this much an hour (10^−8), goes on: most trades and most
 * bars bring no event.
 */
export const CHARGE_SHARE = 4;
export const SMALLEST_CHARGE_MOVE = 100_000;
