import type { DataSource, EntityManager } from 'typeorm';
import { BarEntity, MarketModelEntity, ServiceStateRepository } from '#lib/storage';
import type { Bar } from '#lib/volatility';
import type { ForecastEngineState, PublishedModel, StoredForecaster } from '#lib/forecasting';

/** Tables of the forecaster. */
export class ForecasterRepository {
  private readonly states = new ServiceStateRepository('forecaster');

  constructor(private readonly database: DataSource) {}

  async load(): Promise<StoredForecaster | undefined> {
    const { manager } = this.database;
    const state = await this.states.load<ForecastEngineState>(manager, 'engine');
    if (state === undefined) return undefined;
    const rows = await manager.getRepository(BarEntity).find({ order: { barEnd: 'ASC' } });
    const bars = rows
      .map(({ barEnd, prices, stale }) => ({
        end: Number(barEnd),
        prices: new Map(Object.entries(prices)),
        stale: new Set(stale),
      }))
      .sort((a, b) => a.end - b.end);
    const [latest] = await manager
      .getRepository(MarketModelEntity)
      .find({ order: { version: 'DESC' }, take: 1 });
    const model =
      latest === undefined
        ? undefined
        : {
            version: latest.version,
            fittedOn: Number(latest.fittedOn),
            model: latest.model as PublishedModel['model'],
            ...(latest.diagnostics as Pick<PublishedModel, 'excluded' | 'diagnostics' | 'seconds'>),
          };
    return { state, bars, model, baseline: await this.states.load<number[]>(manager, 'baseline') };
  }

  async save(
    manager: EntityManager,
    state: ForecastEngineState,
    bars: readonly Bar[],
    models: readonly PublishedModel[],
    oldestNeededBar: number | undefined,
    baseline: readonly number[] | undefined,
  ): Promise<void> {
    for (const { end, prices, stale } of bars) {
      await manager.query(
        `insert into bar (bar_end, prices, stale) values ($1, $2::jsonb, $3::jsonb) on conflict (bar_end) do nothing`,
        [end, JSON.stringify(Object.fromEntries(prices)), JSON.stringify([...stale])],
      );
    }
    if (bars.length > 0 && oldestNeededBar !== undefined) {
      await manager.query('delete from bar where bar_end < $1', [oldestNeededBar]);
    }
    for (const { version, fittedOn, model, excluded, diagnostics, seconds } of models) {
      await manager.query(
        `insert into market_model (version, fitted_on, model, diagnostics) values ($1, $2, $3::jsonb, $4::jsonb)`,
        [version, fittedOn, JSON.stringify(model), JSON.stringify({ excluded, diagnostics, seconds })],
      );
    }
    await this.states.save(manager, 'engine', state);
    // Large, and changed by bars only.
    if (bars.length > 0 && baseline !== undefined) await this.states.save(manager, 'baseline', baseline);
  }
}
