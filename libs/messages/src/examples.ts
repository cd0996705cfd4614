import { BOOK_EXAMPLES } from './book-examples.js';
import type { Message } from './message.js';
import type {
  AccountPayload,
  ExecutionPayload,
  LiquidityPayload,
  MatchPayload,
  PricePayload,
  QuotePayload,
  QuoteRequestPayload,
  TradePayload,
} from './payloads.js';

// One message of each kind that those outside the engine write or wait for. They are in the AsyncAPI document, and a test sends
// each through the clients of other languages.

const time = Date.UTC(2026, 0, 1, 12);

function example<Payload>(id: string, payload: Payload, sequence = 0): Message<Payload> {
  return { schemaVersion: 1, id, sequence, time, payload };
}

/** Examples of messages, by the name of their topic. */
export const MESSAGE_EXAMPLES: Readonly<Record<string, readonly Message<unknown>[]>> = {
  matches: [
    example<MatchPayload>('match-1', {
      matchId: 'match-1',
      fills: [
        { buyer: 'alice', seller: 'bob', market: 'BTC', size: '0.25', price: '65010', maker: 'seller' },
      ],
      pool: [{ account: 'alice', market: 'BTC', size: '0.05' }],
      releases: [{ account: 'alice', reservationId: 'order-17' }],
    }),
  ],
  prices: [
    example<PricePayload>('feed-1', { kind: 'tick', market: 'BTC', price: '65000.5' }, 1),
    example<PricePayload>('feed-2', { kind: 'tick', market: 'ETH', price: '3200', confidence: '0.8' }, 2),
    example<PricePayload>('feed-3', { kind: 'watermark', until: time }, 3),
  ],
  trades: [
    example<TradePayload>('trade-1', {
      tradeId: 'trade-1',
      account: 'alice',
      legs: [{ market: 'BTC', size: '0.5' }],
    }),
    example<TradePayload>('trade-2', {
      tradeId: 'trade-2',
      account: 'alice',
      legs: [
        { market: 'BTC', size: '-0.25' },
        { market: 'ETH', size: '4' },
      ],
      quote: {
        quoteId: 'q1-1b2c3d',
        marks: ['65000.5', '3200'],
        riskPremium: '1.25000000',
        liquidityPremium: '0.31000000',
        seal: 'cTEtMWIyYzNkLm9mLnRoZS5xdW90ZQ',
      },
    }),
    example<TradePayload>('trade-3', {
      tradeId: 'trade-3',
      account: 'bob',
      legs: [{ market: 'ETH', size: '-1' }],
      margin: 'isolated',
    }),
    example<TradePayload>('trade-4', {
      tradeId: 'trade-4',
      account: 'alice',
      legs: [{ market: 'BTC', size: '-0.5' }],
      reduceOnly: true,
    }),
  ],
  accounts: [
    example<AccountPayload>('d-1', { kind: 'deposit', commandId: 'd-1', account: 'alice', amount: '10000' }),
    example<AccountPayload>('w-1', {
      kind: 'withdrawal',
      commandId: 'w-1',
      account: 'alice',
      amount: 'available',
    }),
    example<AccountPayload>('x-1', {
      kind: 'transfer',
      commandId: 'x-1',
      account: 'bob',
      market: 'ETH',
      amount: '-20.5',
    }),
    example<AccountPayload>('a-1', {
      kind: 'accept-takeovers',
      commandId: 'a-1',
      account: 'carol',
      notional: '250000',
      discount: 0.001,
    }),
  ],
  liquidity: [
    example<LiquidityPayload>('l-1', { kind: 'deposit', commandId: 'l-1', provider: 'lp', amount: '500000' }),
    example<LiquidityPayload>('l-2', {
      kind: 'withdrawal',
      commandId: 'l-2',
      provider: 'lp',
      amount: '1000',
      mode: 'locked',
    }),
  ],
  executions: [
    example<ExecutionPayload>('r-1', {
      reportId: 'r-1',
      planId: 'lq-0-1',
      liquidator: 'carol',
      status: 'partial',
      fills: [{ market: 'BTC', size: '-0.1' }],
    }),
  ],
  'quote-requests': [
    example<QuoteRequestPayload>('ask-1', {
      account: 'alice',
      legs: [{ market: 'BTC', size: '0.5' }],
      deadline: time + 50,
    }),
  ],
  book: BOOK_EXAMPLES.map((event, i) => example(`book-${i + 1}`, event, i + 1)),
  quotes: [
    example<QuotePayload>('reply-ask-1', {
      status: 'refused',
      code: 'unknown-market',
      detail: 'market DOGE is not known',
    }),
    example<QuotePayload>('reply-ask-2', { status: 'expired', lateMs: 12 }),
    example<QuotePayload>('reply-ask-3', {
      status: 'quoted',
      quote: {
        id: 'q1-1b2c3d',
        account: 'alice',
        legs: [
          { market: 'BTC', size: '-0.25', mark: '65000.5' },
          { market: 'ETH', size: '4', mark: '3200' },
        ],
        premium: { risk: '1.25000000', liquidity: '0.31000000', total: '1.56000000' },
        risk: { before: 1041.3, after: 1042.55 },
        fundingQuoteCurrencyPerYear: { BTC: -12.5, ETH: 30.25 },
        forecastId: '7@2026-01-01T12:00:00.000Z',
        marketTime: '2026-01-01T12:00:00.000Z',
        expiresAt: '2026-01-01T12:00:05.000Z',
        token: 'cTEtMWIyYzNkLm9mLnRoZS5xdW90ZQ',
      },
    }),
  ],
};
