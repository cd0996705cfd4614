import { z } from 'zod';
import { account, identifier, market } from './fields.js';
import { forecastParameters } from './forecast-parameters.js';
import { milliseconds } from './message.js';
import { markingParameters, modelParameters } from './model-parameters.js';

const share = z.number().min(0).max(1);
const positive = z.number().positive().max(1e15);

const rates = z
  .strictObject({ maintenance: z.number().gt(0).max(1), initial: z.number().gt(0).max(1) })
  .refine(({ maintenance, initial }) => initial >= maintenance, 'initial must not be below maintenance');

const tiers = z
  .array(z.strictObject({ above: z.number().min(0).max(1e15), rate: share }))
  .min(1)
  .max(16)
  .describe('marginal rates from a notional on; thresholds and rates ascending, the first above 0');

const floors = z.strictObject({ initial: tiers, maintenance: tiers });

const fee = z
  .strictObject({ maker: z.number().min(-0.01).max(0.01), taker: z.number().min(-0.01).max(0.01) })
  .refine(({ maker, taker }) => maker + taker >= 0, 'maker and taker together must not be negative');

const margin = z.strictObject({
  mode: z.enum(['linear', 'portfolio']).default('portfolio'),
  rates: z
    .strictObject({ default: rates, markets: z.record(market, rates) })
    .default({ default: { maintenance: 0.03, initial: 0.05 }, markets: {} })
    .describe('of linear margin: shares of the notional'),
  tailProbability: z.number().gt(0).lt(1).default(1e-3).describe('α_m of the margin’s EVaR'),
  horizonMs: z.int().positive().default(3_600_000).describe('of the margin’s EVaR, a latency'),
  absorbableShare: share
    .gt(0)
    .default(0.25)
    .describe('b: losses count as concentrated beside this share of the pool’s capital'),
  floors: z
    .strictObject({ default: floors, markets: z.record(market, floors) })
    .default({
      default: { initial: [{ above: 0, rate: 0.01 }], maintenance: [{ above: 0, rate: 0.005 }] },
      markets: {},
    })
    .describe('margin on notionals whatever the hedges'),
  depths: z
    .record(market, positive)
    .default({})
    .describe('money that moves the price by 100 % on closing; a market without one is not moved'),
  worstHours: z
    .record(market, share)
    .default({})
    .describe('largest move within an hour over two years; at least 0.1 is taken'),
  jointHours: z
    .array(z.record(market, z.number().min(-1).max(10)))
    .max(24)
    .default([])
    .describe('relative changes of all markets in the hours that were worst for many, the worst first'),
  clusters: z
    .record(identifier, z.array(market).min(1))
    .default({})
    .describe('markets that are taken to move together'),
});

const credit = z.strictObject({
  accountShare: share
    .nullable()
    .default(0.01)
    .describe('δ: worst deficit of one account, share of the pool’s capital; null: no cap'),
  poolShare: share
    .nullable()
    .default(0.1)
    .describe('β: deficits of all accounts in one scenario, share of the pool’s capital; null: no cap'),
  loading: z.number().min(0).max(100).default(1.5).describe('of the credit charge; 0: none'),
});

const limits = z.strictObject({
  trade: positive.default(1e9).describe('largest notional of a trade, all legs together'),
  account: positive.default(5e9).describe('largest notional of an account'),
  market: positive.default(2e10).describe('largest open interest of a market'),
});

const liquidation = z.strictObject({
  penaltyRate: z
    .number()
    .min(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe(
      'charged on closed notional, as a share, to the pool; null: from 0.1 % up to a quarter of the maintenance margin within 30 s, half the liquidator’s, half the reserve’s',
    ),
  minimumPosition: positive
    .default(1)
    .describe('smallest notional that a liquidation leaves open: the rest is closed at the mark'),
});

const fees = z.strictObject({
  account: account.default('fees').describe('account that fees are booked to'),
  default: fee.default({ maker: 0, taker: 0 }),
  markets: z.record(market, fee).default({}),
  accounts: z
    .record(account, z.number().min(0).max(1))
    .default({})
    .describe('factor on the fees of an account: its tier'),
  largestDeviation: share.default(0.02).describe('|price/mark − 1| of a matched trade, at most'),
});

/**
 * Everything that decisions depend on besides prices and commands: one record with one version, the same for all services. An operator
 * may change all but `model` while the exchange runs. Money is quote currency, rates are shares.
 */
export const riskParameters = z.strictObject({
  model: modelParameters.prefault({}),
  forecast: forecastParameters.prefault({}),
  marks: markingParameters.prefault({}),
  margin: margin.prefault({}),
  credit: credit.prefault({}),
  limits: limits.prefault({}),
  liquidation: liquidation.prefault({}),
  fees: fees.prefault({}),
  quoteTolerance: z
    .number()
    .min(0)
    .max(10)
    .default(0.05)
    .describe('share by which the premium may have risen when a quote is accepted'),
});
export type RiskParameters = z.output<typeof riskParameters>;

/** A change of the parameters, sealed by the operator. */
export const parameterCommandPayload = z.strictObject({
  commandId: identifier,
  base: z.int().min(1).describe('version that is changed; refused where another one holds'),
  parameters: riskParameters,
  by: identifier.describe('who gives it'),
  reason: z.string().min(1).max(200),
  issuedAt: milliseconds,
  seal: z.string().max(100).describe('HMAC-SHA-256 by MARKET_ORDER_SECRET, base64url'),
});
export type ParameterCommandPayload = z.output<typeof parameterCommandPayload>;

/** The parameters that hold, from the pricer alone. */
export const parametersPayload = z.strictObject({
  version: z.int().min(1),
  digest: z.string().max(100),
  parameters: riskParameters,
  by: identifier,
  reason: z.string(),
  at: milliseconds,
});
export type ParametersPayload = z.output<typeof parametersPayload>;
