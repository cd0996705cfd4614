import { z } from 'zod';
import { identifier, market } from './fields.js';

const probability = z.number().gt(0).lt(1);
const share = z.number().min(0).max(1);
const ms = z.int().positive().max(1e12);

/** The risk model: forecasts, proofs and vesting premia depend on it, so that it stays as the book was founded. */
export const modelParameters = z.strictObject({
  alpha: probability.default(0.01).describe('α: tail probability of EVaR(1−α)'),
  measure: z.enum(['evar', 'esscher']).default('evar').describe('risk measure'),
  allocation: z
    .enum(['covariance', 'paper'])
    .default('covariance')
    .describe('how the mean is split over markets'),
  barSeconds: z.int().positive().max(31_536_000).default(3600).describe('length of a bar'),
  horizonBars: z.number().positive().max(1e6).default(24).describe('risk horizon τ: premia vest after it'),
  varianceRatioFloor: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .describe('smallest ratio of the horizon’s variance to that of as many single bars (lm-go)'),
  tailAlphas: z
    .array(probability)
    .max(16)
    .default([0.01, 0.001])
    .describe('probabilities that tail factors κ are published for; empty: EVaR stays Gaussian'),
});

const weightedSource = z.strictObject({
  source: z.string().regex(/^[\w.-]{1,40}$/, 'must have letters, digits and _.- only'),
  weight: z.number().positive().max(1e6).default(1),
});

const sources = z
  .array(weightedSource)
  .min(1)
  .max(32)
  .refine(
    (list) => new Set(list.map(({ source }) => source)).size === list.length,
    'must name each source once',
  );

/** How observed prices become marks: every service that keeps marks takes a change at the same version. */
export const markingParameters = z.strictObject({
  sources: z
    .record(z.union([market, identifier]), sources)
    .default({})
    .describe(
      'sources of each market with their weights, `default` for the others; without it: one source, that of ticks that name none',
    ),
  quorum: z
    .int()
    .positive()
    .max(32)
    .default(2)
    .describe('fresh sources an index needs, in markets that have so many'),
  staleAfterBars: z
    .number()
    .positive()
    .max(1e6)
    .default(3)
    .describe('bars of silence after which a market is stale at the latest'),
  bandMinimum: z
    .number()
    .positive()
    .max(10)
    .default(0.02)
    .describe('a move within this band becomes the mark at once, natural log'),
  bandDeviations: z
    .number()
    .positive()
    .max(1000)
    .default(10)
    .describe('width of the band in standard deviations of the market’s own moves'),
  repeatedAtMost: z
    .number()
    .positive()
    .max(100)
    .default(Number(Math.log(3).toFixed(4)))
    .describe(
      'a larger move, natural log, is never confirmed by a lonely source that repeats it: a feed that has changed its unit does so for ever',
    ),
  confirmOverMs: ms
    .default(5_000)
    .describe('a lonely source confirms a large move by repeating it after this time'),
  wideConfidence: share
    .default(0.01)
    .describe('confidence, a share of the price, past which a market is `wide`'),
  maximumClockSkewMs: ms
    .default(5_000)
    .describe('a price may be dated later than the log took it by this much'),
});
