/** A year of 365 days, in milliseconds: what rates per year are converted with. */
export const YEAR_MS = 365 * 24 * 3600 * 1000;
