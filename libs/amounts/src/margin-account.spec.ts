import { describe, expect, it } from 'vitest';
import { isolatedAccount, partsOf, YEAR_MS } from './index.js';

describe('names of margin accounts', () => {
  it('of an isolated position hold its market', () => {
    expect(isolatedAccount('alice', 'BTC')).toBe('alice~BTC');
    expect(partsOf('alice~BTC')).toEqual({ account: 'alice', market: 'BTC' });
  });

  it('of a trader hold none; a market may have a tilde, a trader may not', () => {
    expect(partsOf('alice')).toEqual({ account: 'alice', market: undefined });
    expect(partsOf(isolatedAccount('a', 'X~Y'))).toEqual({ account: 'a', market: 'X~Y' });
    expect(partsOf('~BTC')).toEqual({ account: '', market: 'BTC' });
  });
});

it('a year has 365 days', () => {
  expect(new Date(Date.UTC(2025, 0, 1) + YEAR_MS).toISOString()).toBe('2026-01-01T00:00:00.000Z');
});
