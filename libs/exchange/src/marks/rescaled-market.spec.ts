import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { rescaledPrice, rescaledSize, rescaledText, rescaleFactor } from './rescaled-market.js';

describe(rescaleFactor, () => {
  it('reads a factor from 10⁻⁹ to 10⁹, exactly', () => {
    expect(rescaleFactor('2.5')).toEqual({ numerator: 2_500_000_000_000n, value: 2.5, text: '2.5' });
    expect(rescaleFactor('0.000000001').numerator).toBe(1000n);
    expect(rescaleFactor('1000000000').numerator).toBe(10n ** 21n);
  });

  it.each([undefined, '1', '1.0', '0', '-2', '0.000000000999', '1000000000.000000000001', 'ten'])(
    'refuses %s',
    (text) => {
      expect(() => rescaleFactor(text)).toThrow(InvalidInputError);
    },
  );
});

describe('a market in another unit', () => {
  const [third, ten] = [rescaleFactor('0.333333333333'), rescaleFactor('10')];
  it('has prices rounded to the nearest and sizes towards zero', () => {
    expect([rescaledPrice(5n, ten), rescaledPrice(5n, third), rescaledPrice(4n, third)]).toEqual([
      50n,
      2n,
      1n,
    ]);
    expect([rescaledSize(29n, ten), rescaledSize(-29n, ten), rescaledSize(5n, third)]).toEqual([
      2n,
      -2n,
      15n,
    ]);
    expect([rescaledText('1.5', ten), rescaledText('0.000000000005', third)]).toEqual([
      '15',
      '0.000000000002',
    ]);
  });
});
