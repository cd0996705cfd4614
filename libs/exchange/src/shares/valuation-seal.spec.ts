import { describe, expect, it } from 'vitest';
import type { ValuationPayload } from '#lib/messages';
import { requireValuationSeal, valuationSeal, ValuationSealError } from './valuation-seal.js';

const VALUATION: Omit<ValuationPayload, 'seal'> = {
  ...{ provider: 'vault', units: '10', settled: '0', unitValue: '2', haircut: 0.1 },
  ...{ vault: `0x${'1'.repeat(40)}`, block: 7 },
};
const seal = valuationSeal('s', VALUATION, 5);

describe('the seal of a valuation', () => {
  it('is of each of its fields, its time and the secret', () => {
    requireValuationSeal('s', { ...VALUATION, seal }, 5);
    const others: Partial<ValuationPayload>[] = [
      ...[{ provider: 'other' }, { units: '11' }, { settled: '1' }, { unitValue: '3' }, { haircut: 0.2 }],
      ...[{ vault: `0x${'2'.repeat(40)}` }, { block: 8 }],
    ];
    for (const change of others)
      expect(() => {
        requireValuationSeal('s', { ...VALUATION, ...change, seal }, 5);
      }).toThrow(ValuationSealError);
    expect(() => {
      requireValuationSeal('s', { ...VALUATION, seal }, 6);
    }).toThrow(ValuationSealError);
  });

  it('is refused of another secret, another length, and everywhere without a secret, by the provider’s name', () => {
    const thrown = (secret: string | undefined, forged: string) => {
      try {
        requireValuationSeal(secret, { ...VALUATION, seal: forged }, 5);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    for (const forged of [valuationSeal('other', VALUATION, 5), '', seal.slice(0, -2), `${seal}AA`])
      expect(thrown('s', forged)).toMatchObject({
        code: 'valuation-not-sealed',
        details: { provider: 'vault' },
      });
    expect(thrown(undefined, seal)).toMatchObject({
      ...{ code: 'valuation-not-sealed', details: { provider: 'vault' } },
      message: expect.stringContaining('VALUATION_SECRET is not set') as string,
    });
    expect(thrown('s', seal)).toBeUndefined();
  });
});
