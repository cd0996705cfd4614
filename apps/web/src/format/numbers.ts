/** Numbers for the eye. The exact values stay beside them. */

const MINUS = '−';

/**
 * A decimal string, rounded half away from zero to so many decimals, thousands grouped. Exact arithmetic: a balance of any
 * size is shown as it is.
 *
 * @param text such as `-1234567.891`
 */
export function decimalText(text: string, decimals: number): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = ''] = match;
  const kept = fraction.slice(0, decimals).padEnd(decimals, '0');
  let units = BigInt(whole + kept);
  if (fraction.length > decimals && fraction[decimals] >= '5') units += 1n;
  const digits = units.toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const shown = grouped(digits.slice(0, point)) + (decimals === 0 ? '' : `.${digits.slice(point)}`);
  return sign === '-' && units !== 0n ? MINUS + shown : shown;
}

/** Decimals that show a price or size with about so many significant digits. */
export function decimalsFor(magnitude: number, significant = 6): number {
  if (!(magnitude > 0) || !Number.isFinite(magnitude)) return 2;
  return Math.max(0, Math.min(10, significant - 1 - Math.floor(Math.log10(magnitude))));
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number with so many decimals, thousands grouped. */
export function fixedText(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? `${MINUS}∞` : '–';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e15) return significantText(value, 4);
  const text = magnitude.toFixed(decimals);
  const [whole, fraction] = text.split('.');
  const shown = grouped(whole) + (fraction === undefined ? '' : `.${fraction}`);
  return value < 0 && Number(text) !== 0 ? MINUS + shown : shown;
}

/** A number with so many significant digits; very small and very large ones with a power of ten. */
export function significantText(value: number, digits = 4): string {
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return fixedText(value, 0);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -5 || exponent >= 15) {
    const mantissa = fixedText(value / 10 ** exponent, digits - 1);
    return `${mantissa}·10${superscript(exponent)}`;
  }
  return fixedText(value, Math.max(0, digits - 1 - exponent));
}

function superscript(exponent: number): string {
  const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  return (
    (exponent < 0 ? '⁻' : '') + String(Math.abs(exponent)).replace(/\d/g, (digit) => raised[Number(digit)])
  );
}

/** A share as percent. */
export function percentText(share: number, decimals = 2): string {
  return `${fixedText(share * 100, decimals)} %`;
}

/** A large amount in a few characters, for axes. */
export function compactText(value: number): string {
  const magnitude = Math.abs(value);
  for (const [unit, letter] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const)
    if (magnitude >= unit) return withoutZeros(significantText(value / unit, 3)) + letter;
  return withoutZeros(significantText(value, 3));
}

function withoutZeros(text: string): string {
  return /^[−\d]*\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}
