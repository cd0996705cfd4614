/** A year of 365 days, in milliseconds; converts rates per year. */
export const YEAR_MS = 365 * 24 * 3600 * 1000;
