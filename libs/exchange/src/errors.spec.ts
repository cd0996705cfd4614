import { describe, expect, it } from 'vitest';
import * as errors from './errors.js';

type Refusal = readonly [
  error: { code: string; message: string; details: unknown },
  code: string,
  details: object,
];

const breach = { scenario: 'hour', deficit: 1234.5678, limit: 1000 };

/** A program that reads a refusal needs its code and the figures, not the words. */
const REFUSALS: readonly Refusal[] = [
  [new errors.UnknownQuoteError('q1'), 'unknown-quote', { quoteId: 'q1' }],
  [new errors.QuoteExpiredError('q1', 0), 'quote-expired', { quoteId: 'q1' }],
  [new errors.UnsealedQuoteError('q1'), 'quote-unsealed', { quoteId: 'q1' }],
  [new errors.QuoteSealError('q1', 'old'), 'quote-seal-invalid', { quoteId: 'q1' }],
  [new errors.QuoteStaleError('q1', '5', '6'), 'quote-stale', { quoteId: 'q1', quoted: '5', now: '6' }],
  [
    new errors.InsufficientBalanceError('lp', '5', '6'),
    'insufficient-balance',
    { provider: 'lp', available: '5', asked: '6' },
  ],
  [new errors.BackedProviderError('lp'), 'backed-provider', { provider: 'lp' }],
  [new errors.OutcomePendingError('c1'), 'outcome-pending', { commandId: 'c1' }],
  [new errors.CommandRejectedError('some-code', 'why', 'c1'), 'some-code', { commandId: 'c1' }],
  [
    new errors.InsufficientMarginError('a', 5, 6),
    'insufficient-margin',
    { account: 'a', equity: 5, required: 6 },
  ],
  [new errors.NothingToReduceError('a', 'M'), 'nothing-to-reduce', { account: 'a', market: 'M' }],
  [new errors.UnknownAccountError('a'), 'unknown-account', { account: 'a' }],
  [new errors.ReplicaBehindError(61_400), 'replica-behind', { behindMs: 61_400 }],
  [new errors.QuoteOfAnotherKeyError('q1'), 'quote-of-another-key', { quoteId: 'q1' }],
  [new errors.CommandIdReusedError('c1'), 'command-id-reused', { commandId: 'c1' }],
  [new errors.NoMarketTimeError(), 'no-market-time', {}],
  [new errors.TooManyCommandsError('lp'), 'too-many-commands', { provider: 'lp' }],
  [new errors.InsolventError('wait', '40.00 %'), 'insolvent', { payable: '40.00 %' }],
  [new errors.HeldLossError(['A', 'B']), 'loss-held-back', { markets: 'A, B' }],
  [
    new errors.CreditCapError('a', { ...breach, cap: 'account', times: 1 }),
    'credit-cap',
    { ...breach, account: 'a', cap: 'account', times: 1 },
  ],
  [
    new errors.MatchPriceError('M', '103', '100', 0.02),
    'match-price',
    { market: 'M', price: '103', mark: '100' },
  ],
  [new errors.ReservationError('a', 'has none'), 'reservation', { account: 'a' }],
  [new errors.NothingToClaimError('a', '7'), 'nothing-to-claim', { account: 'a', outstanding: '7' }],
  [new errors.LiquidationPriceError('a', 5, 4), 'liquidation-price', { account: 'a', cost: 5, most: 4 }],
  [new errors.TakeoverNotAcceptedError('a', 'asks more'), 'takeover-not-accepted', { account: 'a' }],
  [new errors.ParametersVersionError(3, 4), 'parameters-version', { made: 3, holds: 4 }],
  [
    new errors.NotionalLimitError('market M', 5, 4),
    'notional-limit',
    { of: 'market M', notional: 5, limit: 4 },
  ],
];

describe('a refusal', () => {
  it.each(REFUSALS)('%s has its code and its figures', (error, code, details) => {
    expect(error).toMatchObject({ code, details });
    expect(error.details).toEqual(details);
    expect(error.message).not.toBe('');
  });

  it('is there for every error of the exchange', () => {
    const known = new Set(REFUSALS.map(([error]) => error.constructor.name));
    expect(Object.keys(errors).filter((name) => !known.has(name))).toEqual([]);
  });

  it('says figures as a reader wants them', () => {
    expect(new errors.ReplicaBehindError(61_400).message).toContain(' 61 s');
    expect(new errors.MatchPriceError('M', '103', '100', 0.02).message).toContain('more than 2 % from');
    expect(new errors.QuoteExpiredError('q1', 0).message).toContain('1970-01-01T00:00:00.000Z');
    const cap = (part: { cap: 'account' | 'pool'; times: 1 | 2 }) =>
      new errors.CreditCapError('a', { ...breach, ...part }).message;
    expect(cap({ cap: 'account', times: 1 })).toContain(
      'a could leave a debt of 1234.57 in "hour": at most 1000.00',
    );
    expect(cap({ cap: 'pool', times: 1 })).toContain('all accounts together could');
    expect(cap({ cap: 'account', times: 1 })).not.toContain('twice');
    expect(cap({ cap: 'account', times: 2 })).toContain('twice taken');
  });
});
