import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnknownQuoteError } from '#lib/exchange';
import { QuoteSeal } from './quote-seal.js';

describe(QuoteSeal, () => {
  it('makes seals that Node’s HMAC finds right, of any secret and terms, and of nobody else', () => {
    const seals = fc
      .string({ minLength: 1, maxLength: 200, unit: 'binary' })
      .map((secret) => new QuoteSeal(secret));
    const terms = fc.array(fc.string({ unit: fc.constantFrom('a', '7', '-', '.', '|'), maxLength: 400 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(seals, seals, terms, (seal, other, texts) => {
        const tokens = texts.map((text, i) => seal.seal(`q${i}|${text}`, i));
        tokens.forEach((token, i) => {
          expect(seal.open(token, `q${i}`, 0)).toEqual({ terms: `q${i}|${texts[i]}`, expiresAt: i });
          expect(() => other.open(token, `q${i}`, 0)).toThrow(UnknownQuoteError);
        });
      }),
      { numRuns: 30 },
    );
  });
});
