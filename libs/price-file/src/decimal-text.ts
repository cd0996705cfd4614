const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * A number as a plain decimal string of the same value, digit by digit: `8.51e-06` is `0.00000851`. Undefined for anything
 * that is not a number in figures with a decimal point.
 */
export function plainDecimal(text: string): string | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = '', exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent ?? 0);
  const before = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0');
  const after =
    point >= digits.length ? '' : digits.slice(Math.max(0, point)).padStart(digits.length - point, '0');
  const integer = before.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === '-' ? '-' : ''}${integer}${after === '' ? '' : `.${after}`}`;
}
