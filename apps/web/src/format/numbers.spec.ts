import { describe, expect, it } from 'vitest';
import { compactText, decimalText, decimalsFor, fixedText, percentText, significantText } from './numbers.js';

describe('numbers for the eye', () => {
  it.each([
    ['6821536.25104098', 2, '6,821,536.25'],
    ['-0.005', 2, '−0.01'],
    ['-0.0049', 2, '0.00'],
    ['999.995', 2, '1,000.00'],
    ['90071992547409931234.5', 0, '90,071,992,547,409,931,235'],
    ['7', 3, '7.000'],
    ['0', 0, '0'],
  ])('rounds the decimal %s to %i places without a double: %s', (text, decimals, shown) => {
    expect(decimalText(text, decimals)).toBe(shown);
  });

  it('leaves what is no decimal as it came', () => {
    expect(decimalText('1e5', 2)).toBe('1e5');
    expect(decimalText('', 2)).toBe('');
  });

  it.each([
    [-1234567.891, 1, '−1,234,567.9'],
    [-0.001, 2, '0.00'],
    [Infinity, 2, '∞'],
    [NaN, 2, '–'],
  ])('writes %d with %i places as %s', (value, decimals, shown) => {
    expect(fixedText(value, decimals)).toBe(shown);
  });

  it('keeps significant digits, with a power of ten where a number is very small', () => {
    expect(significantText(371.6421)).toBe('371.6');
    expect(significantText(0.000123456)).toBe('0.0001235');
    expect(significantText(-9.807e-9, 3)).toBe('−9.81·10⁻⁹');
    expect(significantText(0)).toBe('0');
  });

  it('writes shares as percent and large amounts short', () => {
    expect(percentText(-0.0123)).toBe('−1.23 %');
    expect([1234, 45_600_000, 7.5e9, 12, 0.5, 0].map(compactText)).toEqual([
      '1.23k',
      '45.6M',
      '7.5B',
      '12',
      '0.5',
      '0',
    ]);
  });

  it('shows prices of any size with about six digits', () => {
    expect([41720.166, 0.079652998, 1e9, 0].map((price) => decimalsFor(price))).toEqual([1, 7, 0, 2]);
  });
});
