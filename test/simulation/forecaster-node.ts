import {
  FitFailedError,
  ForecastEngine,
  type ForecastEngineState,
  type ForecastingParameters,
  type PublishedModel,
  type StoredForecaster,
} from '#lib/forecasting';
import { type PricePayload, TOPICS } from '#lib/messages';
import { type Bar, fitMarketModel } from '#lib/volatility';
import type { Bus, Publication, SimulatedRecord } from './bus.js';
import { Node } from './node.js';

interface StoredBar {
  readonly bar: Omit<Bar, 'prices' | 'stale'>;
  readonly prices: readonly (readonly [string, number])[];
  readonly stale: readonly string[];
}

interface ForecasterState {
  readonly state: ForecastEngineState;
  readonly bars: readonly StoredBar[];
  readonly model: PublishedModel | undefined;
  readonly baseline: readonly number[] | undefined;
}

/** The forecasting machine behind a shell in memory. */
export class ForecasterNode extends Node<ForecasterState> {
  private engine!: ForecastEngine;
  private bars: StoredBar[] = [];

  constructor(
    bus: Bus,
    private readonly parameters: ForecastingParameters,
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
      bars: durable.bars.map(({ bar, prices, stale }) => ({
        ...bar,
        prices: new Map(prices),
        stale: new Set(stale),
      })),
    };
    this.engine = new ForecastEngine(this.parameters, (panel) => this.fit(panel), restored);
  }

  protected durable(): ForecasterState {
    const { model, quality } = this.engine;
    const { baseline } = quality;
    return {
      ...{ state: this.engine.snapshot(), bars: this.bars, model },
      baseline: baseline === undefined ? undefined : Array.from(baseline),
    };
  }

  protected async handle(_topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]> {
    const inputs = records.map(({ time, body }, sequence) => {
      const payload = JSON.parse(body) as PricePayload;
      return payload.kind === 'watermark'
        ? { until: payload.until }
        : { market: payload.market, price: Number(payload.price), time, sequence };
    });
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

  private fit(panel: { markets: string[]; returns: Float64Array[] }) {
    const { minimumBars } = this.parameters;
    try {
      const options = { clusters: 'single', minimumObservations: minimumBars } as const;
      return Promise.resolve({ fit: fitMarketModel(panel.markets, panel.returns, options), seconds: 0 });
    } catch (error) {
      return Promise.reject(new FitFailedError(String(error)));
    }
  }
}
