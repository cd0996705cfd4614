import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuoteExpiredError, UnknownQuoteError } from '#lib/exchange';
import { QuoteStore } from './quote-store.js';

describe(QuoteStore, () => {
  it('keeps every quote until its time, whatever their sizes, and forgets it a lifetime later', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 30 })), {
          maxLength: 300,
        }),
        (quotes) => {
          const store = new QuoteStore(100);
          let now = 1000;
          const given = quotes.map(([size, wait]) => {
            now += wait;
            const id = `${store.nextCounter.toString(36)}-x${now}`;
            const text = `${id}|${'y'.repeat(size)}`;
            store.add(text, now + 100);
            return { id, text, expiresAt: now + 100 };
          });
          for (const { id, text, expiresAt } of given) {
            if (expiresAt >= now) expect(store.acceptable(id, now)).toEqual({ terms: text, expiresAt });
            else if (expiresAt >= now - 100)
              expect(() => store.acceptable(id, now)).toThrow(QuoteExpiredError);
            else expect(() => store.acceptable(id, now)).toThrow(UnknownQuoteError);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not take one quote for another', () => {
    const store = new QuoteStore(100);
    store.add('0-abc|text', 200);
    for (const id of ['0', '0-', '0-a', '0-ab', '0-abd', '1-abc', '', 'nonsense', '0-abc|textual', '-1']) {
      expect(() => store.acceptable(id, 100)).toThrow(UnknownQuoteError);
    }
  });
});
