import { z } from 'zod';
import { decimal, identifier, market } from './fields.js';
import { milliseconds } from './message.js';

/** A model that has taken over, as the proofs declare it. */
export const modelPayload = z.strictObject({
  version: z.int(),
  fittedOn: milliseconds,
  barMs: z.int().positive(),
  horizonBars: z.number().positive(),
  varianceRatioFloor: z.number().min(0).describe('smallest variance ratio of the horizon, lm-go'),
  model: z.looseObject({}).describe('the library’s ForecastModel, lm-go or gogarch'),
});
export type ModelPayload = z.infer<typeof modelPayload>;

/** One bar of the filter: its state before, the returns, its state after. */
export const filterStepPayload = z.strictObject({
  modelVersion: z.int(),
  forecastId: identifier,
  barEnd: milliseconds,
  markets: z.array(market),
  before: z
    .array(z.number())
    .describe('the filter’s state before the bar: every factor’s averages (lm-go) or variance (gogarch)'),
  after: z.array(z.number()),
  prices: z
    .array(z.strictObject({ before: z.number(), after: z.number() }))
    .nullable()
    .describe('closing prices of the bar before and of the bar; null where one is missing or stale'),
});
export type FilterStepPayload = z.infer<typeof filterStepPayload>;

const hexBytes = z.string().regex(/^0x(?:[0-9a-f]{2})*$/, 'must be bytes in hex, with 0x before them');
const units = z
  .string()
  .regex(/^-?\d{1,39}$/, 'must be a whole number')
  .describe('money, in units of 10^−8');

/** Commitment of an epoch's book: docs/concepts/proofs.md has the encoding. */
export const bookCommitmentPayload = z.strictObject({
  root: hexBytes.describe('binds the tree, the sums and the pool’s amounts'),
  digest: hexBytes.describe('of the tree’s root'),
  sums: hexBytes.describe('of all accounts'),
  accounts: z.int().min(0),
  pool: z
    .strictObject({ capital: units, liquidity: units, pending: units, other: units })
    .describe('P less losses that nobody has borne yet, L, P_t, and what else is owed'),
  journal: z
    .strictObject({ root: hexBytes, entries: z.int().min(0) })
    .describe('of every change of the pool’s book since the commitment before'),
});
export type BookCommitmentPayload = z.infer<typeof bookCommitmentPayload>;

/** The pool’s book as a forecast’s risk measure saw it; money in quote units. */
export const standingBookPayload = z.strictObject({
  at: milliseconds,
  forecastId: identifier,
  markets: z.array(market),
  sizes: z.array(decimal).describe('signed, traders net long where positive'),
  notionals: z.array(z.number()).describe('size × mark'),
  entry: z.number(),
  capital: z.number(),
  liquidity: z.number(),
  pending: z.number(),
  alpha: z.number(),
  tailFactor: z.number().min(1).describe('κ: EVaR is taken of κ times the volatility'),
  entropicValueAtRisk: z.number(),
  riskMeasure: z.number(),
  mean: z.number(),
  volatility: z.number(),
  commitment: bookCommitmentPayload
    .nullable()
    .describe('to all accounts as they were then; null where none could be made: such a book is not proven'),
});
export type StandingBookPayload = z.infer<typeof standingBookPayload>;

/** Subject of a proof. */
const proofSubject = z.strictObject({
  kind: z.enum(['forecast', 'risk', 'liquidation', 'other']),
  id: z.string().describe('of the forecast (of a risk measure: the one it was measured with), of the plan'),
  at: milliseconds.nullable().describe('when a plan was opened: the time of its marks'),
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
  status: z.enum(['proven', 'failed', 'refused']).describe('refused: no circuit has the statement'),
  reason: z.string().nullable().describe('why there is no proof; of a refusal its code first'),
  seconds: z.number().nullable(),
  document: z.looseObject({}).nullable().describe('the library’s ProofDocument'),
  positions: z
    .array(z.strictObject({ market, size: z.number(), price: z.number() }))
    .nullable()
    .describe('of the account that a plan liquidates: what binds its proof to prices on a chain'),
  collateral: z
    .number()
    .nullable()
    .describe('of that account: cash less funding owed and money that is reserved, quote units'),
});
export type ProofPayload = z.infer<typeof proofPayload>;

/** Place of an account that is liquidated in the book of the bar before: what binds its plan's proof to the book on a chain. */
export const inclusionPayload = z.strictObject({
  planId: identifier,
  account: z.string(),
  inclusion: z
    .looseObject({})
    .nullable()
    .describe('the library’s IncludedAccount, of this account alone; null where the book does not have it'),
});
export type InclusionPayload = z.infer<typeof inclusionPayload>;

/** Proofs that together give the risk of the standing book at a bar. */
export const epochPayload = z.strictObject({
  epochId: identifier,
  forecastId: identifier,
  barEnd: milliseconds,
  barMs: z.int().positive(),
  chained: z.boolean().describe('whether it starts from the state that the epoch before ended in'),
  unit: z.number().positive().describe('one share of the unit of account, quote units'),
  horizonBars: z.int().positive(),
  bars: z
    .array(z.strictObject({ jobId: identifier, markets: z.array(market) }))
    .min(1)
    .max(2)
    .describe('proofs of the bar, each of up to 32 of the model’s markets'),
  prices: z.array(z.strictObject({ market, before: z.number(), after: z.number() })),
  book: bookCommitmentPayload,
  entropicValueAtRisk: z.number().describe('at the bar’s closing prices, in floats'),
  riskMeasure: z.number(),
});
export type EpochPayload = z.infer<typeof epochPayload>;

/** Outcome of a transaction. */
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
