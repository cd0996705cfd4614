import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { uniform } from '../../../test/support/arbitraries.js';
import {
  divide,
  formatDecimal,
  formatMoney,
  fromNumber,
  magnitude,
  negated,
  notionalOf,
  parseDecimal,
  positive,
  roundDecimal,
  type Rounding,
  toNumber,
} from './index.js';

const ROUNDINGS: readonly Rounding[] = ['down', 'up', 'nearest'];
const amount = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

describe(divide, () => {
  it.each([
    [7n, 2n, 3n, 4n, 4n],
    [-7n, 2n, -4n, -3n, -4n],
    [5n, 2n, 2n, 3n, 3n],
    [-5n, 2n, -3n, -2n, -3n],
    [4n, 3n, 1n, 2n, 1n],
    [5n, 3n, 1n, 2n, 2n],
    [-4n, 3n, -2n, -1n, -1n],
    [-5n, 3n, -2n, -1n, -2n],
    [1n, 3n, 0n, 1n, 0n],
    [-1n, 3n, -1n, 0n, 0n],
    [6n, 3n, 2n, 2n, 2n],
    [-6n, 3n, -2n, -2n, -2n],
    [0n, 3n, 0n, 0n, 0n],
  ])('%s / %s is %s down, %s up, %s to the nearest', (a, b, down, up, nearest) => {
    expect(ROUNDINGS.map((rounding) => divide(a, b, rounding))).toEqual([down, up, nearest]);
  });

  it('leaves less than one unit on the side it rounds to, and at most half of one to the nearest', () => {
    fc.assert(
      fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 20n }), (a, b) => {
        const [down, up, nearest] = ROUNDINGS.map((rounding) => divide(a, b, rounding));
        expect(a - down * b).toBeGreaterThanOrEqual(0n);
        expect(a - down * b).toBeLessThan(b);
        expect(up * b - a).toBeGreaterThanOrEqual(0n);
        expect(up * b - a).toBeLessThan(b);
        const rest = 2n * (a - nearest * b);
        expect(rest < 0n ? -rest : rest).toBeLessThanOrEqual(b);
      }),
    );
  });
});

describe(negated, () => {
  it.each([
    ['1.50', '-1.50'],
    ['-0.01', '0.01'],
    ['0', '0'],
    ['-0.00', '0'],
  ])('of %s is %s', (decimal, opposite) => {
    expect(negated(decimal)).toBe(opposite);
  });
});

it.each([
  [-7n, 7n, 0n],
  [0n, 0n, 0n],
  [7n, 7n, 7n],
])('the magnitude of %d is %d, its positive part %d', (value, size, part) => {
  expect([magnitude(value), positive(value)]).toEqual([size, part]);
});

describe(parseDecimal, () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['1', 100_000_000n],
    ['12.5', 1_250_000_000n],
    ['-12.5', -1_250_000_000n],
    ['0.00000001', 1n],
    ['-0.00000001', -1n],
    ['007.10', 710_000_000n],
    ['1.000000000000', 100_000_000n],
    ['123456789012345', 12_345_678_901_234_500_000_000n],
    ['90071992.54740991', 9_007_199_254_740_991n],
    ['90071992.54740993', 9_007_199_254_740_993n],
    ['-90071992.54740993', -9_007_199_254_740_993n],
    ['1234567890123456', 123_456_789_012_345_600_000_000n],
    ['123456789012345678901234567890.12345678', 12_345_678_901_234_567_890_123_456_789_012_345_678n],
    ['9'.repeat(60), 10n ** 68n - 10n ** 8n],
  ])('reads %s', (text, value) => {
    expect(parseDecimal(text, 8, 'amount')).toBe(value);
  });

  it.each([
    '',
    '-',
    '.',
    '.5',
    '-.5',
    '5.',
    '1.2.3',
    '1e5',
    '+1',
    '1 ',
    ' 1',
    '1-',
    '--1',
    '0x1',
    '1,5',
    'NaN',
    '1:0',
    '1/2',
    '٣',
  ])('refuses "%s" and names the field', (text) => {
    expect(() => parseDecimal(text, 8, 'legs[0].size')).toThrow(InvalidInputError);
    expect(() => parseDecimal(text, 8, 'legs[0].size')).toThrow(
      /legs\[0\]\.size: must be a decimal number like "12\.5"/,
    );
  });

  it('refuses more digits than anything has, and shows no more than 80 of them', () => {
    const long = '1'.repeat(61);
    expect(() => parseDecimal(long, 8, 'amount')).toThrow(`got "${long}"`);
    const longer = '1'.repeat(200);
    expect(() => parseDecimal(longer, 8, 'amount')).toThrow(new RegExp(`got "1{80}"$`));
  });

  it('refuses places that would be lost, whatever the length; zeros at the end are none', () => {
    expect(() => parseDecimal('0.000000001', 8, 'amount')).toThrow(
      'has 9 decimal places, at most 8 are kept: 0.000000001',
    );
    expect(() => parseDecimal('1234567890123.000000001', 8, 'amount')).toThrow(/has 9 decimal places/);
    expect(parseDecimal('0.0000000010', 9, 'amount')).toBe(1n);
    expect(parseDecimal('5', 0, 'amount')).toBe(5n);
    expect(parseDecimal('5.0', 0, 'amount')).toBe(5n);
  });

  it('reads what formatDecimal writes', () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 18 }), (value, decimals) => {
        expect(parseDecimal(formatDecimal(value, decimals), decimals, 'amount')).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe(roundDecimal, () => {
  it.each([
    ['1.004', 100n],
    ['1.005', 101n],
    ['-1.005', -101n],
    ['-1.0049', -100n],
    ['1.00', 100n],
    ['1.0', 100n],
    ['1', 100n],
    ['0.015', 2n],
  ])('%s to two places is %s', (text, value) => {
    expect(roundDecimal(text, 2, 'price')).toBe(value);
  });

  it('refuses what is no decimal number', () => {
    expect(() => roundDecimal('1.2.3', 2, 'price')).toThrow(/price/);
  });
});

describe(formatDecimal, () => {
  it.each([
    [0n, '0'],
    [1n, '0.00000001'],
    [-1n, '-0.00000001'],
    [100_000_000n, '1'],
    [150_000_000n, '1.5'],
    [-1_250_000_000n, '-12.5'],
    [10_000_000_000n, '100'],
  ])('writes %s', (value, text) => {
    expect(formatDecimal(value, 8)).toBe(text);
    expect(formatMoney(value)).toBe(text);
  });

  it('writes whole numbers without a point', () => {
    expect(formatDecimal(120n, 0)).toBe('120');
  });

  it('writes no zeros at the end of amounts that a float64 does not hold', () => {
    expect(formatDecimal(10n ** 30n, 8)).toBe('1' + '0'.repeat(22));
    expect(formatDecimal(10n ** 30n + 12_000n, 8)).toBe('1' + '0'.repeat(22) + '.00012');
    expect(formatDecimal(-(10n ** 17n) - 1n, 16)).toBe('-10.0000000000000001');
  });

  it('keeps the smallest unit next to whole numbers, up to the largest that a float64 holds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 2 ** 53 }), (decimals, near) => {
        const unit = 10n ** BigInt(decimals);
        const whole = BigInt(near) / unit;
        for (const value of [whole * unit - 1n, whole * unit, whole * unit + 1n]) {
          const text = formatDecimal(value, decimals);
          expect(parseDecimal(text, decimals, 'amount')).toBe(value);
          expect(text).not.toMatch(/\..*0$|\.$/);
        }
      }),
    );
  });
});

describe('float64', () => {
  it('is read in units of the books', () => {
    expect(toNumber(1_250_000_000n, 8)).toBe(12.5);
    expect(toNumber(-1n, 2)).toBe(-0.01);
  });

  it.each([
    [1.234567891, 123_456_789n, 123_456_790n, 123_456_789n],
    [-1.234567891, -123_456_790n, -123_456_789n, -123_456_789n],
    [2.5e-8, 2n, 3n, 3n],
    [-2.5e-8, -3n, -2n, -3n],
    [12.5, 1_250_000_000n, 1_250_000_000n, 1_250_000_000n],
    [0, 0n, 0n, 0n],
    [1e20, 10n ** 28n, 10n ** 28n, 10n ** 28n],
    [123_456_789.123_456_78, 12_345_678_912_345_677n, 12_345_678_912_345_678n, 12_345_678_912_345_678n],
    [-123_456_789.123_456_78, -12_345_678_912_345_678n, -12_345_678_912_345_677n, -12_345_678_912_345_678n],
  ])('%s comes to %s down, %s up, %s to the nearest', (value, down, up, nearest) => {
    expect(ROUNDINGS.map((rounding) => fromNumber(value, 8, rounding, 'amount'))).toEqual([
      down,
      up,
      nearest,
    ]);
  });

  it('is never further away than a unit, on the side that is asked for', () => {
    fc.assert(
      fc.property(uniform(-1e12, 1e12), (value) => {
        const [down, up] = [fromNumber(value, 4, 'down', 'x'), fromNumber(value, 4, 'up', 'x')];
        expect(up - down).toBeLessThanOrEqual(1n);
        expect(Number(down)).toBeLessThanOrEqual(value * 1e4);
        expect(Number(up)).toBeGreaterThanOrEqual(value * 1e4);
      }),
    );
  });

  it.each([NaN, Infinity, -Infinity, 1e21, -1e21])('%s is no amount', (value) => {
    expect(() => fromNumber(value, 8, 'down', 'equity')).toThrow(
      /equity: must be a finite amount below 1e21, got/,
    );
  });
});

describe(notionalOf, () => {
  it('multiplies a size of 8 places by a price of 12 to money of 8', () => {
    const [size, price] = [parseDecimal('1.5', 8, 'size'), parseDecimal('30000.25', 12, 'price')];
    for (const rounding of ROUNDINGS) expect(notionalOf(size, price, rounding)).toBe(4_500_037_500_000n);
  });

  it('rounds the last unit of money as asked', () => {
    const price = parseDecimal('1.000000000001', 12, 'price');
    expect(ROUNDINGS.map((rounding) => notionalOf(1n, price, rounding))).toEqual([1n, 2n, 1n]);
    expect(ROUNDINGS.map((rounding) => notionalOf(-1n, price, rounding))).toEqual([-2n, -1n, -1n]);
  });
});
