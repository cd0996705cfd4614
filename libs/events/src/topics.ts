import { z } from 'zod';
import { account, decimal, identifier, market } from './fields.js';
import { defineTopic, milliseconds } from './message.js';

/**
 * An observed price, or the source's word that nothing at or before `until` will follow (which lets a bar close
 * without waiting for the next tick). Prices are validated for sign by the forecaster, which names what it refuses.
 */
export const pricePayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tick'), market, price: decimal, confidence: decimal.optional() }),
  z.strictObject({ kind: z.literal('watermark'), until: milliseconds }),
]);
export type PricePayload = z.infer<typeof pricePayload>;

export const tradeLeg = z.strictObject({
  market,
  size: decimal.describe('signed, base units; positive buys'),
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
  planId: identifier.optional().describe('the liquidation plan that is executed'),
  quote: z
    .strictObject({
      quoteId: identifier,
      marks: z.array(decimal).describe('execution price of each leg'),
      riskPremium: decimal,
      liquidityPremium: decimal,
    })
    .optional(),
});
export type TradePayload = z.infer<typeof tradePayload>;

export const liquidityPayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deposit'), commandId: identifier, provider: account, amount: decimal }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    commandId: identifier,
    provider: account,
    amount: decimal,
    mode: z.enum(['locked', 'forced']),
  }),
]);
export type LiquidityPayload = z.infer<typeof liquidityPayload>;

/** Covariance of log returns over the horizon, as the upper triangles row by row. */
export const covariancePayload = z.strictObject({
  forecastId: identifier,
  modelVersion: z.int().min(1),
  barEnd: milliseconds,
  horizonMs: z.number().positive(),
  markets: z.array(market),
  covariance: z.array(z.number()),
  ratePerYear: z.array(z.number()),
  stale: z.array(market),
  warmingUp: z.array(z.strictObject({ market, bars: z.int(), needed: z.int() })),
  excluded: z.array(z.strictObject({ market, reason: z.string() })),
});
export type CovariancePayload = z.infer<typeof covariancePayload>;

/** What traders do with their collateral. */
export const accountPayload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('deposit'), commandId: identifier, account, amount: decimal }),
  z.strictObject({
    kind: z.literal('withdrawal'),
    commandId: identifier,
    account,
    amount: z
      .union([decimal, z.literal('available')])
      .describe('"available": all that the initial margin leaves free'),
  }),
  z.strictObject({
    kind: z.literal('transfer'),
    commandId: identifier,
    account,
    market,
    amount: decimal.describe('from cross margin to the isolated position; negative: back'),
  }),
]);
export type AccountPayload = z.infer<typeof accountPayload>;

const integer = z.string().regex(/^-?\d+$/);

/** A margin account after something has happened to it: a trader's cross margin, or `trader~market` for an isolated one. */
export const accountStatePayload = z.strictObject({
  account: z.string(),
  /** the ledger's event count: later states replace earlier ones */
  sequence: z.int(),
  cash: decimal,
  positions: z.array(
    z.strictObject({ market, size: decimal, entryNotional: decimal, fundingIndex: integer }),
  ),
  causes: z
    .array(z.strictObject({ id: z.string(), refused: z.boolean() }))
    .describe('commands and trades that were decided'),
});
export type AccountStatePayload = z.infer<typeof accountStatePayload>;

/** The pool after something has happened to it. */
export const poolStatePayload = z.strictObject({
  sequence: z.int(),
  markets: z.array(z.strictObject({ market, size: decimal, entryNotional: decimal, fundingIndex: integer })),
  capital: decimal,
  liquidity: decimal,
  pending: decimal,
  shortfall: decimal,
});
export type PoolStatePayload = z.infer<typeof poolStatePayload>;

const order = z.strictObject({
  market,
  size: decimal.describe('signed: what closes the position, base units'),
});

/** What becomes of a liquidation: opened with its plan, then closed. */
export const planPayload = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('opened'),
    planId: identifier,
    account: z.string(),
    at: milliseconds,
    expiresAt: milliseconds,
    orders: z.array(order),
    plan: z.looseObject({}).describe('the plan with its certificate: the library’s LiquidationPlan'),
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

/** A liquidator's report of what it has done with a plan. */
export const executionPayload = z.strictObject({
  reportId: identifier,
  planId: identifier,
  liquidator: account,
  status: z.enum(['full', 'partial', 'expired']),
  fills: z.array(order).max(64).optional().describe('what was closed, where it was not all of it'),
});
export type ExecutionPayload = z.infer<typeof executionPayload>;

/** The liquidator's note to itself: there are more accounts than one batch plans for. */
export const liquidationWorkPayload = z.strictObject({ backlog: z.int() });
export type LiquidationWorkPayload = z.infer<typeof liquidationWorkPayload>;

/** What happened to the book; the ledger is a fold over these. */
export const bookPayload = z.looseObject({ kind: z.string(), at: milliseconds });
export type BookPayload = z.infer<typeof bookPayload>;

/** The exchange's risk measure at one time. */
export const riskPayload = z.strictObject({
  at: milliseconds,
  forecastId: identifier,
  riskMeasure: z.number(),
  entropicValueAtRisk: z.number(),
  mean: z.number(),
  volatility: z.number(),
  capital: decimal,
  liquidity: decimal,
  pending: decimal,
  shortfall: decimal,
});
export type RiskPayload = z.infer<typeof riskPayload>;

/** A model that has taken over, as the proofs declare it. */
export const modelPayload = z.strictObject({
  version: z.int(),
  fittedOn: milliseconds,
  barMs: z.int().positive(),
  horizonBars: z.number().positive(),
  model: z.looseObject({}).describe('the library’s MarketModel'),
});
export type ModelPayload = z.infer<typeof modelPayload>;

/** One bar of the filter: what it started from, what the market did, and where it ended. */
export const filterStepPayload = z.strictObject({
  modelVersion: z.int(),
  forecastId: identifier,
  barEnd: milliseconds,
  markets: z.array(market),
  before: z.array(z.number()).describe('variance of every factor before the bar'),
  after: z.array(z.number()),
  prices: z
    .array(z.strictObject({ before: z.number(), after: z.number() }))
    .nullable()
    .describe('closing prices of the bar before and of the bar; null where one is missing or stale'),
});
export type FilterStepPayload = z.infer<typeof filterStepPayload>;

/** The pool’s book as a forecast’s risk measure saw it; money in quote units. */
export const standingBookPayload = z.strictObject({
  at: milliseconds,
  forecastId: identifier,
  markets: z.array(market),
  notionals: z.array(z.number()).describe('signed size × mark, traders net long where positive'),
  entry: z.number(),
  capital: z.number(),
  liquidity: z.number(),
  pending: z.number(),
  alpha: z.number(),
  entropicValueAtRisk: z.number(),
  riskMeasure: z.number(),
  mean: z.number(),
  volatility: z.number(),
});
export type StandingBookPayload = z.infer<typeof standingBookPayload>;

/** What a proof is about. */
const proofSubject = z.strictObject({
  kind: z.enum(['forecast', 'risk', 'liquidation', 'other']),
  id: z.string().describe('of the forecast, the plan …'),
});

/** A statement to be proven. The same job twice is one job. */
export const proofJobPayload = z.strictObject({
  jobId: identifier,
  statement: z.string(),
  subject: proofSubject,
  input: z.looseObject({}).describe('the statement’s input'),
});
export type ProofJobPayload = z.infer<typeof proofJobPayload>;

/** A proof that was made, or why none could be. */
export const proofPayload = z.strictObject({
  jobId: identifier,
  statement: z.string(),
  subject: proofSubject,
  status: z.enum(['proven', 'failed']),
  reason: z.string().nullable(),
  seconds: z.number().nullable(),
  document: z.looseObject({}).nullable().describe('the library’s ProofDocument'),
});
export type ProofPayload = z.infer<typeof proofPayload>;

/** Proofs that together say what the risk of the standing book was at a bar. */
export const epochPayload = z.strictObject({
  epochId: identifier,
  forecastId: identifier,
  barEnd: milliseconds,
  barMs: z.int().positive(),
  chained: z.boolean().describe('whether it starts from the state that the epoch before ended in'),
  unit: z.number().positive().describe('one share of the unit of account, quote units'),
  clusters: z.array(z.strictObject({ jobId: identifier, markets: z.array(market) })),
  pricing: z.strictObject({ jobId: identifier }),
  prices: z.array(z.strictObject({ market, before: z.number(), after: z.number() })),
  entropicValueAtRisk: z.number(),
  riskMeasure: z.number(),
});
export type EpochPayload = z.infer<typeof epochPayload>;

/** What became of a transaction. */
export const receiptPayload = z.strictObject({
  transactionId: identifier,
  kind: z.string(),
  epochId: z.string().nullable(),
  status: z.enum(['confirmed', 'refused']),
  srs: z.enum(['development', 'ceremony']).describe('on a development SRS anyone could have made any proof'),
  hash: z.string().nullable(),
  blockNumber: z.int().nullable(),
  gasUsed: z.int().nullable(),
  reason: z.string().nullable(),
});
export type ReceiptPayload = z.infer<typeof receiptPayload>;

export const TOPICS = {
  prices: defineTopic({
    name: 'prices',
    description: 'Observed prices, from oracles and exchanges',
    key: 'market',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: pricePayload,
  }),
  trades: defineTopic({
    name: 'trades',
    description: 'Trades to book, from the matching engine and accepted quotes',
    key: 'account',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: tradePayload,
  }),
  liquidity: defineTopic({
    name: 'liquidity',
    description: 'Deposits and withdrawals of liquidity providers',
    key: 'provider',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: liquidityPayload,
  }),
  covariance: defineTopic({
    name: 'covariance',
    description: 'Covariance forecasts, one a bar',
    key: 'model',
    partitions: 1,
    retainRecords: 500,
    schemaVersion: 1,
    payload: covariancePayload,
  }),
  book: defineTopic({
    name: 'book',
    description: 'Book events with every amount decided: the ledger is a fold over them',
    key: 'book',
    partitions: 1,
    retainRecords: 1_000_000,
    schemaVersion: 1,
    payload: bookPayload,
  }),
  accounts: defineTopic({
    name: 'accounts',
    description: 'Deposits, withdrawals and transfers of traders',
    key: 'account',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: accountPayload,
  }),
  accountStates: defineTopic({
    name: 'account-states',
    description: 'Margin accounts after every change, from the pricer',
    key: 'account',
    partitions: 1,
    retainRecords: 1_000_000,
    schemaVersion: 1,
    payload: accountStatePayload,
  }),
  poolStates: defineTopic({
    name: 'pool-states',
    description: 'The pool after every change: sizes, entry notionals, funding indices, P, L',
    key: 'pool',
    partitions: 1,
    retainRecords: 1000,
    schemaVersion: 1,
    payload: poolStatePayload,
  }),
  plans: defineTopic({
    name: 'plans',
    description: 'Liquidation plans with their certificates, and what became of them',
    key: 'account',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: planPayload,
  }),
  executions: defineTopic({
    name: 'executions',
    description: 'Execution reports of liquidators',
    key: 'account',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: executionPayload,
  }),
  liquidationWork: defineTopic({
    name: 'liquidation-work',
    description: 'The liquidator’s notes to itself while accounts wait for a plan',
    key: 'liquidator',
    partitions: 1,
    retainRecords: 100,
    schemaVersion: 1,
    payload: liquidationWorkPayload,
  }),
  risk: defineTopic({
    name: 'risk',
    description: 'The exchange’s risk measure, one a forecast',
    key: 'exchange',
    partitions: 1,
    retainRecords: 100_000,
    schemaVersion: 1,
    payload: riskPayload,
  }),
  models: defineTopic({
    name: 'models',
    description: 'Models that have taken over, as proofs declare them',
    key: 'model',
    partitions: 1,
    retainRecords: 100,
    schemaVersion: 1,
    payload: modelPayload,
  }),
  filterSteps: defineTopic({
    name: 'filter-steps',
    description: 'Bars of the variance filter',
    key: 'model',
    partitions: 1,
    retainRecords: 2000,
    schemaVersion: 1,
    payload: filterStepPayload,
  }),
  standingBooks: defineTopic({
    name: 'standing-books',
    description: 'The pool’s book as each risk measure saw it',
    key: 'exchange',
    partitions: 1,
    retainRecords: 2000,
    schemaVersion: 1,
    payload: standingBookPayload,
  }),
  proofJobs: defineTopic({
    name: 'proof-jobs',
    description: 'Statements to be proven',
    key: 'jobId',
    partitions: 1,
    retainRecords: 10000,
    schemaVersion: 1,
    payload: proofJobPayload,
  }),
  proofs: defineTopic({
    name: 'proofs',
    description: 'Proofs that were made, or why not',
    key: 'jobId',
    partitions: 1,
    retainRecords: 10000,
    schemaVersion: 1,
    payload: proofPayload,
  }),
  epochs: defineTopic({
    name: 'epochs',
    description: 'Proofs that belong together: the risk of the standing book at a bar',
    key: 'epoch',
    partitions: 1,
    retainRecords: 10000,
    schemaVersion: 1,
    payload: epochPayload,
  }),
  receipts: defineTopic({
    name: 'receipts',
    description: 'What became of transactions',
    key: 'transaction',
    partitions: 1,
    retainRecords: 100000,
    schemaVersion: 1,
    payload: receiptPayload,
  }),
} as const;
