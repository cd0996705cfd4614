import {
  type EstimationPanel,
  type FinishedFit,
  FitFailedError,
  ForecastEngine,
  type ForecastEngineState,
  type PublishedModel,
  type StoredForecaster,
} from '#lib/forecasting';
import { ZkriskError } from '#lib/errors';
import type { RiskRules } from '#lib/exchange';
import { TOPICS } from '#lib/messages';
import { type Bar, fitForecastModel } from '#lib/volatility';
import { fitOptionsOf, forecastingParametersOf } from '../../apps/forecaster/src/index.js';
import type { Bus, Publication, SimulatedRecord } from './bus.js';
import { Node } from './node.js';
import { priceMessages } from './price-messages.js';

interface StoredBar {
  readonly bar: Omit<Bar, 'prices' | 'stale'>;
  readonly prices: readonly (readonly [string, number])[];
  readonly stale: readonly string[];
}

interface ForecasterState {
  readonly state: ForecastEngineState;
  readonly bars: readonly StoredBar[];
  readonly model: PublishedModel | undefined;
  readonly baseline: StoredForecaster['baseline'];
  readonly tails: StoredForecaster['tails'];
}

/** The forecasting machine behind a shell in memory. */
export class ForecasterNode extends Node<ForecasterState> {
  private engine!: ForecastEngine;
  private bars: StoredBar[] = [];

  constructor(
    bus: Bus,
    private readonly rules: RiskRules,
  ) {
    super('forecaster', [TOPICS.prices.name], bus);
    this.restart();
  }

  protected start(durable: ForecasterState | undefined): void {
    this.bars = [...(durable?.bars ?? [])];
    const restored: StoredForecaster | undefined = durable && {
      state: durable.state,
      model: durable.model,
      baseline: durable.baseline,
      tails: durable.tails,
      bars: durable.bars.map(({ bar, prices, stale }) => ({
        ...bar,
        prices: new Map(prices),
        stale: new Set(stale),
      })),
    };
    this.engine = new ForecastEngine(
      forecastingParametersOf(this.rules, undefined),
      (panel) => this.fit(panel),
      restored,
    );
  }

  protected durable(): ForecasterState {
    const { model, quality } = this.engine;
    const { baseline } = quality;
    return {
      ...{ state: this.engine.snapshot(), bars: this.bars, model },
      ...{ baseline, tails: this.engine.tailState },
    };
  }

  protected async handle(_topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]> {
    const inputs = priceMessages(records).map(({ payload, time, sequence }) =>
      payload.kind === 'watermark'
        ? { until: payload.until }
        : { ...payload, time, sequence, appendedAt: undefined },
    );
    const { bars, forecasts } = await this.engine.advance(inputs);
    if (bars.length > 0) {
      const oldest = this.engine.oldestNeededBar ?? -Infinity;
      const closed = bars.map(({ prices, stale, ...bar }) => ({
        ...{ bar, prices: [...prices], stale: [...stale] },
      }));
      this.bars = [...this.bars, ...closed].filter(({ bar }) => bar.end >= oldest);
    }
    return forecasts.map((forecast) => ({
      topic: TOPICS.covariance.name,
      time: forecast.barEnd,
      body: JSON.stringify(forecast),
    }));
  }

  private fit({ markets, returns }: Pick<EstimationPanel, 'markets' | 'returns'>): Promise<FinishedFit> {
    try {
      const fit = fitForecastModel(markets, returns, fitOptionsOf(this.rules));
      return Promise.resolve({ fit, seconds: 0 });
    } catch (error) {
      if (!(error instanceof ZkriskError)) throw error;
      return Promise.reject(new FitFailedError(error.message));
    }
  }
}
