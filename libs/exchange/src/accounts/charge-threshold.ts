/**
 * A credit rate that has moved by less than a fourth of it, or by less than this much an hour (10^−8), goes on: most trades bring no
 * event.
 */
export const CHARGE_SHARE = 4;
export const SMALLEST_CHARGE_MOVE = 100_000;
/**
 * While nothing touches an account its charge accrues at the rate that holds. A pass over the accounts books it where the debt would differ
 * by more than this share of the equity had the rate been the present one ever since,
 */
export const MISSTATED_SHARE = 3e-4;
/** or where the debt is more than this share of the equity. */
export const DEBT_SHARE = 1e-3;
