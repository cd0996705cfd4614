import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainDecimal } from './decimal-text.js';

describe(plainDecimal, () => {
  it.each([
    ['8.51e-06', '0.00000851'],
    ['1.0402480000000001e-05', '0.000010402480000000001'],
    ['1e3', '1000'],
    ['1.5E+2', '150'],
    ['12.5e1', '125'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['+7', '7'],
    ['-0.25', '-0.25'],
    ['007.50', '7.50'],
    ['0', '0'],
    ['0e5', '0'],
  ])('%s is %s', (text, plain) => {
    expect(plainDecimal(text)).toBe(plain);
  });

  it.each(['', '.', 'e5', '1e', '1,5', '1_000', '0x10', 'Infinity', '1e1000', '--1', '1 ', '$1'])(
    '%j is no number',
    (text) => {
      expect(plainDecimal(text)).toBeUndefined();
    },
  );

  it('has the value it was written with, to the last digit', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 20n),
        fc.integer({ min: 0, max: 21 }),
        fc.integer({ min: -40, max: 40 }),
        (digits, point, exponent) => {
          const written = digits.toString().padStart(point + 1, '0');
          const text = `${written.slice(0, written.length - point)}.${written.slice(written.length - point)}e${exponent}`;
          const plain = plainDecimal(text)!;
          expect(plain).toMatch(/^\d+(\.\d+)?$/);
          const [whole, fraction = ''] = plain.split('.');
          // plain = digits · 10^(exponent − point), in whole numbers on both sides
          const left = BigInt(whole + fraction) * 10n ** 100n;
          const right = digits * 10n ** BigInt(100 + exponent - point + fraction.length);
          expect(left).toBe(right);
        },
      ),
    );
  });
});
