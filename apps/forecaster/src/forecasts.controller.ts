import { Controller, Get, Inject, NotFoundException, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { factorForecastOf } from '#lib/exchange';
import type { CovariancePayload } from '#lib/messages';
import { covarianceEntry, covarianceMatrix, rateOf } from '#lib/risk';
import { ForecasterService } from './forecaster.service.js';

const matrix = z.array(z.array(z.number()));
const forecast = z.looseObject({
  forecastId: z.string(),
  modelVersion: z.number(),
  model: z.enum(['lm-go', 'gogarch']),
  barEnd: z.string(),
  horizonSeconds: z.number(),
  markets: z.array(z.string()),
  volatility: z.array(z.number()).describe('of each market’s log return over the horizon'),
  groups: z
    .looseObject({ asOf: z.string() })
    .nullable()
    .describe('markets that move together, by linkage of their cointegration; a description'),
  tailFactors: z.array(z.object({ alpha: z.number(), factor: z.number() })),
  covariance: matrix.optional(),
  ratePerYear: matrix.optional().describe('∂Σ/∂τ'),
  factors: z
    .looseObject({ count: z.number() })
    .optional()
    .describe(
      'Σ = B diag(d) Bᵀ + diag(ω): loadings B by market, factorVariances d, ownVariances ω, and their yearly rates',
    ),
});
const query = z.object({
  include: z
    .string()
    .regex(/^(covariance|factors)(,(covariance|factors))?$/)
    .default('covariance')
    .describe('covariance: Σ and its rate written out; factors: both in factor form; or both, by a comma'),
});

const quality = z.looseObject({
  modelVersion: z.number(),
  fittedOn: z.string(),
  fitSeconds: z.number(),
  observations: z.number(),
});

const progress = z.object({
  bars: z.int().describe('in the window'),
  needed: z.int().describe('for the first forecast'),
  barSeconds: z.number(),
  fitFailure: z.string().nullable().describe('why the last fit was not used'),
  markets: z
    .array(z.object({ market: z.string(), bars: z.int(), needed: z.int() }))
    .describe('markets that are not in the model yet'),
});

@ApiTags('forecasts')
@Controller('v1/forecasts/latest')
export class ForecastsController {
  constructor(@Inject(ForecasterService) private readonly service: ForecasterService) {}

  @Get()
  @NeedsScope('quote')
  @Documented({
    summary: 'Latest covariance forecast of log returns over the horizon: Σ, its rate, factors',
    query,
    response: forecast,
    errors: [404],
  })
  latest(@Query(new ZodPipe(query)) { include }: z.output<typeof query>): object {
    const forecast = this.service.forecast();
    const published = this.service.model();
    if (forecast === undefined || published === undefined)
      throw new NotFoundException('no forecast has been made yet');
    const { model } = published;
    const form = factorForecastOf(forecast);
    const n = forecast.markets.length;
    const written = (of: Parameters<typeof covarianceMatrix>[0]) => {
      const values = covarianceMatrix(of);
      return Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * n, (i + 1) * n)));
    };
    return {
      forecastId: forecast.forecastId,
      modelVersion: forecast.modelVersion,
      model: model.kind,
      barEnd: new Date(forecast.barEnd).toISOString(),
      horizonSeconds: forecast.horizonMs / 1000,
      markets: forecast.markets,
      volatility: forecast.markets.map((_, i) => Math.sqrt(covarianceEntry(form, i, i))),
      tailFactors: forecast.tailFactors,
      ...(include.includes('covariance')
        ? { covariance: written(form), ratePerYear: written(rateOf(form)) }
        : {}),
      ...(include.includes('factors') ? { factors: factorsOf(forecast) } : {}),
      stale: forecast.stale,
      warmingUp: forecast.warmingUp,
      excluded: forecast.excluded,
      proofs: `/v1/proofs?subject=forecast&id=${encodeURIComponent(forecast.forecastId)}`,
      groups: published.groups && {
        asOf: new Date(published.groups.asOf).toISOString(),
        markets: published.groups.groups,
      },
    };
  }

  @Get('progress')
  @NeedsScope('quote')
  @Documented({
    summary: 'How many bars there are, and how many the first forecast and each new market need',
    response: progress,
  })
  progress(): z.output<typeof progress> {
    const { markets, ...rest } = this.service.progress();
    return { ...rest, markets: [...markets] };
  }

  @Get('quality')
  @NeedsScope('quote')
  @Documented({
    summary: 'How good the forecasts have been: QLIKE beside EWMA’s, VaR coverage, the fit’s diagnostics',
    response: quality,
    errors: [404],
  })
  quality(): object {
    const published = this.service.model();
    if (published === undefined) throw new NotFoundException('no model has been fitted yet');
    const { version, fittedOn, diagnostics, seconds, model } = published;
    return {
      modelVersion: version,
      fittedOn: new Date(fittedOn).toISOString(),
      fitSeconds: seconds,
      observations: model.observations,
      live: this.service.quality(),
      ...(model.kind === 'lm-go'
        ? { varianceRatio: model.varianceRatio, factors: model.factors }
        : {
            clusters: model.clusters.map(({ members, goGarch }, c) => ({
              markets: members.map((i) => model.markets[i]),
              logLikelihood: diagnostics[c].logLikelihood,
              ica: diagnostics[c].ica,
              factors: goGarch.garch.map(({ kind, parameters, converged, logLikelihood }) => ({
                kind,
                parameters,
                converged,
                logLikelihood,
              })),
            })),
          }),
    };
  }
}

function factorsOf(forecast: CovariancePayload): object {
  const { factors: count, loadings, markets } = forecast;
  return {
    count,
    loadings: markets.map((_, i) => loadings.slice(i * count, (i + 1) * count)),
    factorVariances: forecast.factorVariances,
    factorVarianceRates: forecast.factorVarianceRates,
    ownVariances: forecast.ownVariances,
    ownVarianceRates: forecast.ownVarianceRates,
  };
}
