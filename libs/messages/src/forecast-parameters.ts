import { z } from 'zod';

const bars = (least: number) => z.int().positive().max(100_000).default(least);

/** How forecasts are made: the forecaster takes a change at its next fit. */
export const forecastParameters = z
  .strictObject({
    model: z
      .enum(['lm-go', 'gogarch'])
      .default('lm-go')
      .describe('lm-go: long-memory factors, refitted every bar; gogarch: ICA and GARCH(1,1), by clusters'),
    windowBars: bars(864).describe('bars in the estimation window'),
    minimumBars: bars(100).describe('bars a market needs before it is forecast'),
    refitEveryBars: z
      .int()
      .positive()
      .max(100_000)
      .nullable()
      .default(null)
      .describe('bars between refits; in between only the filter runs; null: lm-go 1, gogarch 168'),
    registerEveryBars: bars(24).describe(
      'bars between models that proofs are told of: a bar can be proven whose forecast one of these made',
    ),
    describeEveryBars: bars(168).describe(
      'bars between descriptions of the groups of markets (tests of cointegration of all pairs)',
    ),
    activateAfterBars: z
      .int()
      .positive()
      .max(64)
      .default(1)
      .describe('bars between the end of a fit’s window and its first forecast'),
    tailForecasts: bars(1000).describe('past forecasts that tail factors are taken from'),
    clusters: z
      .enum(['linkage', 'cointegration', 'single', 'none'])
      .default('linkage')
      .describe('how gogarch clusters markets, and how groups of markets are described'),
    factors: z
      .union([z.enum(['all', 'mp']), z.int().positive().max(10_000)])
      .default('all')
      .describe(
        'gogarch: factors kept in each cluster: all, mp (Marchenko–Pastur) or a number; lm-go: common factors, a number, or all and mp alike for as many as there are',
      ),
  })
  .refine(
    ({ minimumBars, windowBars }) => minimumBars <= windowBars,
    'minimumBars must not exceed windowBars',
  );
