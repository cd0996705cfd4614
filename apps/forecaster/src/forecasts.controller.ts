import { Controller, Get, Inject, NotFoundException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Documented, NeedsScope } from '#lib/service';
import { ForecasterService } from './forecaster.service.js';

const forecast = z.looseObject({
  forecastId: z.string(),
  modelVersion: z.number(),
  barEnd: z.string(),
  horizonSeconds: z.number(),
  markets: z.array(z.string()),
  covariance: z.array(z.array(z.number())),
  volatility: z.array(z.number()),
});
const quality = z.looseObject({
  modelVersion: z.number(),
  fittedOn: z.string(),
  fitSeconds: z.number(),
  observations: z.number(),
});

@ApiTags('forecasts')
@Controller('v1/forecasts/latest')
export class ForecastsController {
  constructor(@Inject(ForecasterService) private readonly service: ForecasterService) {}

  @Get()
  @NeedsScope('quote')
  @Documented({
    summary: 'Latest covariance forecast of log returns over the horizon, with its model’s clusters',
    response: forecast,
    errors: [404],
  })
  latest(): object {
    const forecast = this.service.forecast();
    const published = this.service.model();
    if (forecast === undefined || published === undefined)
      throw new NotFoundException('no forecast has been made yet');
    const { model } = published;
    const n = forecast.markets.length;
    const matrix: number[][] = Array.from({ length: n }, () => new Array<number>(n));
    let at = 0;
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++) matrix[i][j] = matrix[j][i] = forecast.covariance[at++];
    return {
      forecastId: forecast.forecastId,
      modelVersion: forecast.modelVersion,
      barEnd: new Date(forecast.barEnd).toISOString(),
      horizonSeconds: forecast.horizonMs / 1000,
      markets: forecast.markets,
      covariance: matrix,
      volatility: matrix.map((row, i) => Math.sqrt(row[i])),
      stale: forecast.stale,
      warmingUp: forecast.warmingUp,
      excluded: forecast.excluded,
      proofs: `/v1/proofs?subject=forecast&id=${encodeURIComponent(forecast.forecastId)}`,
      clusters: model.clusters.map(({ members, cointegration }) => ({
        markets: members.map((i) => model.markets[i]),
        cointegrationRank: cointegration?.rank ?? null,
      })),
    };
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
    };
  }
}
