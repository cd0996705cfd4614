// Long because it is one list: the payload of every message of the exchange.
import { z } from 'zod';
import { account, amount, decimal, identifier, market, price, source, takeoverTerms } from './fields.js';
import { milliseconds } from './message.js';

/** Orders of the operator for a market, or for a trade. */
export type MarketOrderName =
  'halt' | 'reduce-only' | 'resume' | 'confirm' | 'refuse' | 'accept-time' | 'rescale' | 'delist' | 'bust';

/**
 * An observed price, or the source's word that nothing at or before `until` will follow (which lets a bar close
 * without waiting for the next tick), or a sealed order of the operator.
 */
export const pricePayload = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tick'),
    market,
    price,
    source: source.optional().describe('whose price it is; one of the market’s sources'),
    confidence: amount.optional().describe('half-width of the price, in price units'),
  }),
  z.strictObject({ kind: z.literal('watermark'), until: milliseconds }),
  z.strictObject({
    kind: z.literal('order'),
    order: z.enum([
      ...['halt', 'reduce-only', 'resume', 'confirm', 'refuse', 'accept-time'],
      ...['rescale', 'delist', 'bust'],
    ] as [MarketOrderName, ...MarketOrderName[]]),
    market: market.or(z.literal('*')),
    factor: decimal.optional().describe('of rescale: prices times this, sizes divided by it'),
    price: price.optional().describe('of delist: what every position is settled at'),
    trade: z
      .strictObject({
        account: z.string().max(121).describe('the margin account it was booked on'),
        id: identifier.describe('of the trade, or of the liquidation plan'),
        of: z.enum(['trades', 'liquidation-trades']),
      })
      .optional()
      .describe('of bust: the trade that is taken back'),
    by: identifier.describe('who gave it'),
    reason: z.string().min(1).max(200),
    issuedAt: milliseconds,
    seal: z.string().max(100).describe('HMAC-SHA-256 by MARKET_ORDER_SECRET, base64url'),
  }),
]);
export type PricePayload = z.infer<typeof pricePayload>;

export const tradeLeg = z.strictObject({
  market,
  size: amount.describe('signed, base units; positive buys'),
});

/** A trade to book: at mark, or at the terms of a quote that was accepted. */
export const tradePayload = z.strictObject({
  tradeId: identifier,
  account,
  legs: z.array(tradeLeg).min(1).max(64),
  margin: z
    .enum(['cross', 'isolated'])
    .optional()
    .describe('isolated: the position has a margin of its own, one leg only (default cross)'),
  reduceOnly: z.boolean().optional().describe('closes at most what is open; refused where nothing is'),
  quote: z
    .strictObject({
      quoteId: identifier,
      marks: z.array(price).describe('execution price of each leg'),
      riskPremium: amount,
      liquidityPremium: amount,
      seal: z
        .string()
        .max(16_384)
        .optional()
        .describe(
          'the quote’s "token"; or "engine." and the HMAC-SHA-256 (base64url) by MATCHING_ENGINE_SECRET of tradeId|account|quoteId|riskPremium|liquidityPremium and, for each leg, |market|size|mark. Terms without it are refused',
        ),
    })
    .optional(),
});
export type TradePayload = z.infer<typeof tradePayload>;

const fill = z.strictObject({
  buyer: account,
  seller: account,
  market,
  size: amount.describe('base units; positive'),
  price,
  maker: z
    .enum(['buyer', 'seller'])
    .describe('whose order rested: it pays the maker’s fee, the other the taker’s'),
});

/** Trades that have been matched elsewhere, all or none: fills between accounts, and legs against the pool. */
export const matchPayload = z.strictObject({
  matchId: identifier,
  fills: z.array(fill).max(64).default([]),
  pool: z
    .array(z.strictObject({ account, market, size: amount.describe('signed, base units; positive buys') }))
    .max(64)
    .default([])
    .describe('booked at the mark; they share one premium'),
  releases: z
    .array(z.strictObject({ account, reservationId: identifier }))
    .max(128)
    .default([])
    .describe('reservations of the orders that are filled'),
  by: account
    .optional()
    .describe('whose match it is, where it is not the venue’s: ids are the owner’s, as everywhere'),
  parameters: z
    .int()
    .min(1)
    .optional()
    .describe('version of the risk parameters it was made under, where it must hold'),
});
export type MatchPayload = z.output<typeof matchPayload>;

/**
 * The trade that executes a liquidation plan. In a topic of its own, which the liquidator alone writes: the ids the engine makes
 * cannot be claimed by anybody's trade or deposit.
 */
export const liquidationTradePayload = z.strictObject({
  planId: identifier.describe('the plan; it is executed once'),
  account: z.string().describe('the margin account: a trader’s, or trader~market'),
  legs: z.array(tradeLeg).min(1).max(64).describe('what the plan closes; at most what is open is closed'),
  liquidator: account.describe('whose report it is'),
  parameters: z.int().min(1).describe('version of the risk parameters that the plan was made under'),
  penaltyRate: z.number().min(0).max(0.01).optional().describe('the plan’s own, where it is not fixed'),
  prices: z
    .array(price)
    .max(64)
    .optional()
    .describe('of the legs, where the liquidator’s account takes them over instead of the pool'),
});
export type LiquidationTradePayload = z.infer<typeof liquidationTradePayload>;

export const liquidityPayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deposit'), commandId: identifier, provider: account, amount }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    commandId: identifier,
    provider: account,
    amount,
    mode: z.enum(['locked', 'forced']),
  }),
]);
export type LiquidityPayload = z.infer<typeof liquidityPayload>;

/**
 * Holdings of a vault on a chain for the exchange's liquidity providers, at the marks of a bar. The pricer makes it the provider's
 * part of L: see the book event `liquidity-valued`.
 */
export const valuationPayload = z.strictObject({
  provider: account,
  units: decimal.describe('pool shares that count, those asked back left out'),
  settled: decimal.describe(
    'pool shares the exchange has taken for what the provider has lost to it, less what it has given, ever',
  ),
  unitValue: amount.describe('of one pool share at the marks, quote currency'),
  haircut: z.number().min(0).max(1).describe('share of the value that does not count'),
  vault: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  block: z.int().min(0).describe('of the chain, as of which the units were read'),
  seal: z
    .string()
    .max(100)
    .describe('HMAC-SHA-256 by the secret that the vault service shares with the pricer'),
});
export type ValuationPayload = z.infer<typeof valuationPayload>;

/**
 * Covariance of log returns over the horizon in factor form, Σ = B diag(d) Bᵀ + diag(ω), and its rate of change with the horizon in the
 * same form. Everything else about it (Σ, its rate, the volatility of a book) follows from these numbers.
 */
export const covariancePayload = z.strictObject({
  forecastId: identifier,
  modelVersion: z.int().min(1),
  barEnd: milliseconds,
  horizonMs: z.number().positive(),
  markets: z.array(market).describe('n'),
  factors: z.int().min(0).describe('K, common factors'),
  loadings: z.array(z.number()).describe('B, n×K row by row'),
  factorVariances: z.array(z.number()).describe('d, K: variance of each factor over the horizon'),
  factorVarianceRates: z.array(z.number()).describe('ḋ, K, per year'),
  ownVariances: z.array(z.number()).describe('ω, n: what each market adds of its own'),
  ownVarianceRates: z.array(z.number()).describe('ω̇, n, per year'),
  tailFactors: z
    .array(z.strictObject({ alpha: z.number().gt(0).lt(1), factor: z.number().min(1) }))
    .describe('κ of each α in use: EVaR is taken of κ times the volatility'),
  guardedDeviations: z
    .array(z.number().min(0))
    .optional()
    .describe(
      'n: deviation of each market over the horizon as margins have it, within the guard rails of the oracle',
    ),
  stale: z.array(market),
  warmingUp: z.array(z.strictObject({ market, bars: z.int(), needed: z.int() })),
  excluded: z.array(z.strictObject({ market, reason: z.string() })),
});
export type CovariancePayload = z.infer<typeof covariancePayload>;

/** How far a market's history is, before the first forecast: one a bar. */
export const warmUpPayload = z.strictObject({
  barEnd: milliseconds,
  markets: z.array(z.strictObject({ market, bars: z.int().min(0), needed: z.int().min(1) })),
});
export type WarmUpPayload = z.infer<typeof warmUpPayload>;

/** Traders' commands on their collateral. */
export const accountPayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deposit'), commandId: identifier, account, amount }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    commandId: identifier,
    account,
    amount: z
      .union([amount, z.literal('available')])
      .describe('"available": all that the initial margin leaves free'),
    acceptHaircut: z
      .boolean()
      .optional()
      .describe('while the exchange is insolvent: takes the part that can be paid and gives up the rest'),
  }),
  z.strictObject({
    kind: z.literal('transfer'),
    commandId: identifier,
    account,
    market,
    amount: amount.describe('from cross margin to the isolated position; negative: back'),
  }),
  z.strictObject({
    kind: z.literal('reserve'),
    commandId: identifier.describe('of the reservation'),
    account,
    legs: z.array(tradeLeg).min(1).max(64).describe('orders, as if all of them were filled'),
  }),
  z.strictObject({
    kind: z.literal('release'),
    commandId: identifier,
    account,
    reservationId: identifier,
  }),
  z.strictObject({ kind: z.literal('claim'), commandId: identifier, account }),
  z.strictObject({
    kind: z.literal('accept-takeovers'),
    commandId: identifier,
    account,
    ...takeoverTerms,
  }),
]);
export type AccountPayload = z.infer<typeof accountPayload>;

const integer = z.string().regex(/^-?\d+$/);

/** A margin account after an event: a trader's cross margin, or `trader~market` for an isolated one. */
export const accountStatePayload = z.strictObject({
  account: z.string(),
  /** the ledger's event count: later states replace earlier ones */
  sequence: z.int(),
  cash: decimal,
  positions: z.array(
    z.strictObject({
      market,
      size: decimal,
      entryNotional: decimal,
      fundingIndex: integer,
      scale: z
        .number()
        .positive()
        .optional()
        .describe('factors the market was rescaled by so far; 1 where left out'),
    }),
  ),
  causes: z
    .array(z.strictObject({ topic: z.string(), id: z.string(), refused: z.boolean() }))
    .describe('commands and trades that were decided, by the topic they came from'),
});
export type AccountStatePayload = z.infer<typeof accountStatePayload>;

/** The pool after an event. */
export const poolStatePayload = z.strictObject({
  sequence: z.int(),
  markets: z.array(
    z.strictObject({
      market,
      size: decimal,
      entryNotional: decimal,
      fundingIndex: integer,
      scale: z.number().positive().optional().describe('factors it was rescaled by so far; 1 where left out'),
    }),
  ),
  capital: decimal,
  liquidity: decimal,
  pending: decimal,
  shortfall: decimal,
  marginCapital: z.number().describe('K: capital that margins and caps are measured against'),
  parameters: z
    .strictObject({ version: z.int().min(1), digest: z.string().max(100) })
    .describe('risk parameters that hold'),
});
export type PoolStatePayload = z.infer<typeof poolStatePayload>;

const order = z.strictObject({
  market,
  size: amount.describe('signed: what closes the position, base units'),
});

/** A liquidation's events: opened with its plan, perhaps claimed, then closed. */
export const planPayload = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('opened'),
    planId: identifier,
    account: z.string(),
    at: milliseconds,
    expiresAt: milliseconds,
    orders: z.array(order),
    parameters: z.int().min(1).describe('version of the risk parameters it was made under'),
    sizes: z
      .array(amount)
      .max(512)
      .optional()
      .describe('of the case’s positions, in its order, as the books have them'),
    raceEndsAt: milliseconds
      .optional()
      .describe(
        'market time until which offers compete; the best one wins then, the first one where it is `at`',
      ),
    plan: z.looseObject({}).describe('the plan with its certificate: the library’s LiquidationPlan'),
  }),
  z.strictObject({
    kind: z.literal('claimed'),
    planId: identifier,
    account: z.string(),
    at: milliseconds,
    liquidator: account.describe('the winner of the race, whose fills with their prices are awaited'),
    penaltyRate: z.number().min(0).max(1),
    until: milliseconds.describe('market time at which the claim is over'),
  }),
  z.strictObject({
    kind: z.literal('closed'),
    planId: identifier,
    account: z.string(),
    at: milliseconds,
    status: z.enum(['executed', 'partially-executed', 'expired', 'superseded', 'refused']),
    reason: z.string(),
  }),
]);
export type PlanPayload = z.infer<typeof planPayload>;

/** A liquidator's report on a plan, or its offer while the plan's race goes on. */
export const executionPayload = z.strictObject({
  reportId: identifier,
  planId: identifier,
  liquidator: account,
  status: z.enum(['full', 'partial', 'expired']),
  fills: z
    .array(
      order.extend({
        price: price
          .optional()
          .describe('at which the liquidator’s own account takes the position over; of all fills or of none'),
      }),
    )
    .max(64)
    .optional()
    .describe('the part that was closed, where it was not all of it'),
  penaltyRate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'a bid: the penalty that the liquidator asks for, at most the plan’s; the lowest of a race wins',
    ),
  solution: z
    .looseObject({})
    .optional()
    .describe(
      'fractions and certificate of the liquidator’s own solver, for the plan’s case at the bid’s rate',
    ),
  claims: z
    .boolean()
    .optional()
    .describe('the fills with their prices follow within the claim’s seconds, should the offer win'),
});
export type ExecutionPayload = z.infer<typeof executionPayload>;

/** The liquidator's note to itself: there are more accounts than one batch plans for. */
export const liquidationWorkPayload = z.strictObject({ backlog: z.int() });
export type LiquidationWorkPayload = z.infer<typeof liquidationWorkPayload>;

/** The exchange's risk measure at one time. */
export const riskPayload = z.strictObject({
  at: milliseconds,
  forecastId: identifier,
  riskMeasure: z.number(),
  entropicValueAtRisk: z.number(),
  mean: z.number(),
  volatility: z.number(),
  tailFactor: z.number().min(1).describe('κ: EVaR is taken of κ times the volatility'),
  capital: decimal,
  liquidity: decimal,
  pending: decimal,
  shortfall: decimal,
});
export type RiskPayload = z.infer<typeof riskPayload>;

/** The exchange at the beginning of a minute of market time: the source of history. */
export const samplePayload = z.strictObject({
  at: milliseconds,
  markets: z.array(
    z.strictObject({
      market,
      mark: decimal,
      state: z.string(),
      size: decimal.describe('of all positions together, signed'),
      fundingPerUnitPerYear: z.number().nullable().describe('quote currency; null without a forecast'),
      allocation: z.number().nullable().describe('the market’s Euler share of ρ'),
    }),
  ),
  capital: decimal,
  liquidity: decimal,
  shares: z.strictObject({ outstanding: decimal, worth: decimal.describe('what all are redeemed at') }),
});
export type SamplePayload = z.infer<typeof samplePayload>;

/** A batch that a unit of a lane has consumed. */
export const consumptionPayload = z.strictObject({
  unit: z
    .string()
    .describe('lane, or lane/partition; *: keyed topics were given `to` partitions instead of `from`'),
  topic: z.string(),
  partition: z.int().min(0),
  from: integer,
  to: integer.describe('exclusive'),
  skipped: z.string().optional().describe('why an operator had it passed over'),
});
export type ConsumptionPayload = z.infer<typeof consumptionPayload>;

/** A pre-trade check: asks for a trade's price, answered before the deadline or not at all. */
export const quoteRequestPayload = z.strictObject({
  account,
  legs: z.array(tradeLeg).min(1).max(64),
  deadline: milliseconds.describe(
    'wall-clock milliseconds since the epoch after which the answer is of no use',
  ),
});
export type QuoteRequestPayload = z.infer<typeof quoteRequestPayload>;

/** The answer to a pre-trade check. */
export const quotePayload = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('quoted'),
    quote: z.looseObject({}).describe('as POST /v1/quotes answers; its terms are a trade’s "quote"'),
  }),
  z.strictObject({ status: z.literal('refused'), code: z.string(), detail: z.string() }),
  z.strictObject({
    status: z.literal('expired'),
    lateMs: z.number().describe('when it was read, after its deadline'),
  }),
]);
export type QuotePayload = z.infer<typeof quotePayload>;
