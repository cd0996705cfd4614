import { Controller, Get, Inject, NotFoundException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForecasterService } from './forecaster.service.js';

@ApiTags('forecasts')
@Controller('v1/forecasts/latest')
export class ForecastsController {
  constructor(@Inject(ForecasterService) private readonly service: ForecasterService) {}

  @Get()
  @ApiOperation({
    summary: 'Latest covariance forecast of log returns over the horizon, with its model’s clusters',
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
  @ApiOperation({
    summary: 'How good the forecasts have been: QLIKE beside EWMA’s, VaR coverage, the fit’s diagnostics',
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
