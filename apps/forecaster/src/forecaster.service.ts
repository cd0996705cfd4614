import { Logger } from '@nestjs/common';
import { ConsumeContext, type Lane, type LaneOwner } from '#lib/events';
import { newRules, type RiskRules, rulesInForce } from '#lib/exchange';
import {
  type CovariancePayload,
  type Message,
  outgoing,
  type ParametersPayload,
  type PricePayload,
  TOPICS,
} from '#lib/messages';
import type { ForecastModel } from '#lib/volatility';
import { fitOptionsOf, type ForecasterConfig, forecastingParametersOf } from './forecaster.config.js';
import {
  ForecastEngine,
  type ForecastProgress,
  type ForecastQuality,
  type PublishedModel,
  type StoredForecaster,
} from '#lib/forecasting';
import type { ForecasterRepository } from './forecaster.repository.js';
import { ModelFitter } from './model-fitter.js';

/** One model for all markets: one process has it. */
export const FORECASTER_LANE: Lane = { name: 'forecaster', spread: 'single', shared: true };

/** Consumes prices, publishes a covariance forecast at every bar. */
export class ForecasterService implements LaneOwner {
  private readonly logger = new Logger(ForecasterService.name);
  private readonly fitter = new ModelFitter();
  private engine: ForecastEngine;
  private latestForecast: CovariancePayload | undefined;
  private rules: RiskRules;
  rejectedTicks = 0;

  constructor(
    private readonly config: ForecasterConfig,
    private readonly repository: ForecasterRepository,
  ) {
    this.rules = config.FIRST_PARAMETERS;
    this.engine = this.engineOf();
  }

  /** Takes up the state of the tables: at the start, and whenever a transaction was rolled back. */
  async restore(): Promise<void> {
    this.rules = rulesInForce(await this.repository.parameters(), this.config.FIRST_PARAMETERS);
    this.engine = this.engineOf(await this.repository.load());
    this.latestForecast = this.engine.latestForecast();
  }

  /** Later versions of the parameters: marks are kept, and models fitted, by them from here on. */
  async onParameters(
    messages: readonly Message<ParametersPayload>[],
    context: ConsumeContext,
  ): Promise<void> {
    const changed = newRules(messages, this.rules, (index, reason) => context.reject(index, reason));
    if (changed === undefined) return;
    this.rules = changed.rules;
    this.engine.setParameters(forecastingParametersOf(this.rules, this.config.MARKET_ORDER_SECRET));
    await this.repository.saveParameters(context.manager, changed.message);
  }

  async onPrices(messages: readonly Message<PricePayload>[], context: ConsumeContext): Promise<void> {
    const inputs = messages.map(({ payload, time, sequence }, index) => {
      const appendedAt = context.appendedAt(index);
      if (payload.kind === 'watermark') return { until: payload.until, appendedAt };
      return payload.kind === 'order' ? payload : { ...payload, time, sequence, appendedAt };
    });
    const { bars, forecasts, steps, newModels, registered, rejected, revised } =
      await this.engine.advance(inputs);
    for (const { index, reason } of rejected) context.reject(index, reason);
    const state = this.engine.snapshot();
    const { oldestNeededBar, quality, tailState } = this.engine;
    await this.repository.save(context.manager, {
      state,
      bars,
      revised,
      registered,
      model: newModels.at(-1),
      oldestNeededBar,
      baseline: quality.baseline,
      tails: tailState,
    });
    for (const { version, fittedOn, model } of registered) {
      const { barSeconds, horizonBars, varianceRatioFloor } = this.rules.parameters.model;
      const header = { id: `model-${version}`, sequence: version, time: fittedOn };
      const payload = {
        version,
        fittedOn,
        barMs: barSeconds * 1000,
        horizonBars,
        varianceRatioFloor,
        model: { ...model },
      };
      context.publish(outgoing(TOPICS.models, 'model', header, payload));
    }
    for (const step of steps) {
      const header = { id: `step-${step.forecastId}`, sequence: step.barEnd, time: step.barEnd };
      context.publish(outgoing(TOPICS.filterSteps, 'model', header, step));
    }
    const last = bars.at(-1);
    if (last !== undefined && forecasts.length === 0 && this.latestForecast === undefined) {
      const header = { id: `warm-up@${last.end}`, sequence: last.end, time: last.end };
      const payload = { barEnd: last.end, markets: this.engine.warmUp() };
      context.publish(outgoing(TOPICS.warmUp, 'model', header, payload));
    }
    for (const forecast of forecasts) {
      const header = { id: forecast.forecastId, sequence: forecast.barEnd, time: forecast.barEnd };
      context.publish(outgoing(TOPICS.covariance, 'market', header, forecast));
    }
    context.afterCommit(() => {
      this.rejectedTicks += rejected.length;
      this.latestForecast = forecasts.at(-1) ?? this.latestForecast;
      for (const { version, model, seconds, excluded } of registered) {
        this.logger.log(
          `model ${version}: ${model.markets.length} markets on ${model.observations} bars in ${seconds.toFixed(2)} s, ` +
            structureOf(model) +
            (excluded.length > 0
              ? `, left out: ${excluded.map(({ market, reason }) => `${market} ${reason}`).join(', ')}`
              : ''),
        );
      }
      if (this.engine.fitFailure !== undefined && bars.length > 0) {
        this.logger.warn(`the last refit was not used: ${this.engine.fitFailure}`);
      }
    });
  }

  private engineOf(stored?: StoredForecaster): ForecastEngine {
    return new ForecastEngine(
      forecastingParametersOf(this.rules, this.config.MARKET_ORDER_SECRET),
      (panel, describe) => this.fitter.fit(panel, { ...fitOptionsOf(this.rules), describe }),
      stored,
    );
  }

  forecast(): CovariancePayload | undefined {
    return this.latestForecast;
  }

  model(): PublishedModel | undefined {
    return this.engine.model;
  }

  progress(): ForecastProgress {
    return this.engine.progress();
  }

  quality(): ForecastQuality {
    return this.engine.quality.quality();
  }

  async close(): Promise<void> {
    await this.fitter.close();
  }
}

/** A model's parts, for the log. */
function structureOf(model: ForecastModel): string {
  if (model.kind === 'lm-go') return `${model.factors} common factor${model.factors === 1 ? '' : 's'}`;
  const clusters = model.clusters.filter(({ members }) => members.length > 1);
  if (clusters.length === 0) return 'no cluster: each market alone';
  return `clusters ${clusters.map(({ members }) => members.map((i) => model.markets[i]).join('+')).join(' ')}`;
}
