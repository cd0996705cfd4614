import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../test/support/arbitraries.js';
import { RatesText } from './rates-text.js';

describe(RatesText, () => {
  it('is JSON of the rates, to the cent', () => {
    const magnitudes = fc.integer({ min: -4, max: 18 });
    const rates = fc.array(
      fc.tuple(uniform(-1, 1), magnitudes).map(([size, power]) => size * 10 ** power),
      { minLength: 1, maxLength: 30 },
    );
    const written = new RatesText();
    fc.assert(
      fc.property(rates, fc.constantFrom('A', 'BTC-PERP', ''), (drawn, name) => {
        const markets = drawn.map((_, i) => `${name}${i}`);
        for (let again = 0; again < 2; again++) {
          written.begin(markets);
          drawn.forEach((rate, i) => {
            written.add(i, rate);
          });
          const parsed = JSON.parse(`{${written.text()}}`) as Record<string, number>;
          expect(Object.keys(parsed)).toEqual(markets);
          drawn.forEach((rate, i) => {
            expect(parsed[markets[i]]).toBe(Math.round(rate * 100) / 100 + 0);
          });
        }
      }),
    );
  });

  it.each([
    [0, '0.00'],
    [-0.004, '0.00'],
    [0.005, '0.01'],
    [-0.01, '-0.01'],
    [9.99, '9.99'],
    [-10, '-10.00'],
    [99.995, '100.00'],
    [5_368_709.1, '5368709.10'],
    [1e300, '1e+300'],
  ])('writes %d as %s', (rate, text) => {
    const written = new RatesText();
    written.begin(['A']);
    written.add(0, rate);
    expect(written.text()).toBe(`"A":${text}`);
  });
});
