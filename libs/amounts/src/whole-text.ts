const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0, signDisplay: 'negative' });

/** A number for the eye, rounded to a whole one, thousands apart. What rounds to zero has no sign. */
export function wholeText(value: number): string {
  return WHOLE.format(value);
}
