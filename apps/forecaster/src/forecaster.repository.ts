import type { DataSource, EntityManager } from 'typeorm';
import type { ParametersPayload } from '#lib/messages';
import {
  BarEntity,
  flushStatements,
  insertRows,
  ServiceStateRepository,
  type Statement,
  write,
  writeRows,
} from '#lib/storage';
import { StoredTails } from './stored-tails.js';
import type { Bar } from '#lib/volatility';
import type {
  ForecastEngineState,
  PublishedModel,
  QualityBaseline,
  StoredForecaster,
  TailState,
} from '#lib/forecasting';

/** Changes that a batch makes in the tables. */
export interface ForecasterChanges {
  readonly state: ForecastEngineState;
  readonly bars: readonly Bar[];
  /** bars whose prices an order of the operator has changed */
  readonly revised: readonly Bar[];
  /** models that proofs are told of: kept for ever */
  readonly registered: readonly PublishedModel[];
  /** the model in force, where it is a new one: replaces the one before */
  readonly model: PublishedModel | undefined;
  readonly oldestNeededBar: number | undefined;
  readonly baseline: QualityBaseline | undefined;
  readonly tails: TailState;
}

/** Tables of the forecaster. */
export class ForecasterRepository {
  private readonly states = new ServiceStateRepository('forecaster');
  private readonly tails = new StoredTails(this.states);

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
    const model = await this.states.load<PublishedModel>(manager, 'model');
    const tails = await this.tails.load(manager);
    return {
      state,
      bars,
      model,
      tails,
      baseline: await this.states.load<QualityBaseline>(manager, 'baseline'),
    };
  }

  /** The parameters that hold; undefined before the pricer has told any. */
  parameters(): Promise<ParametersPayload | undefined> {
    return this.states.load<ParametersPayload>(this.database.manager, 'parameters');
  }

  saveParameters(manager: EntityManager, parameters: ParametersPayload): Promise<void> {
    return this.states.save(manager, 'parameters', parameters);
  }

  async save(
    manager: EntityManager,
    { state, bars, revised, registered, model, oldestNeededBar, baseline, tails }: ForecasterChanges,
  ): Promise<void> {
    if (bars.length > 0) await writeRows(manager, 'bar', bars, insertBars);
    // A bar is inserted before its prices are changed.
    if (revised.length > 0) await flushStatements(manager);
    for (const { end, prices } of revised)
      await write(manager, 'update bar set prices = $2::jsonb where bar_end = $1', [
        end,
        JSON.stringify(Object.fromEntries(prices)),
      ]);
    if (bars.length > 0 && oldestNeededBar !== undefined) {
      await writeRows(manager, 'bar that is over', [oldestNeededBar], (all: readonly number[]) => ({
        text: 'delete from bar where bar_end < $1',
        parameters: [Math.max(...all)],
      }));
    }
    for (const { version, fittedOn, model: fitted, excluded, diagnostics, seconds } of registered) {
      await write(
        manager,
        `insert into market_model (version, fitted_on, model, diagnostics) values ($1, $2, $3::jsonb, $4::jsonb)`,
        [version, fittedOn, JSON.stringify(fitted), JSON.stringify({ excluded, diagnostics, seconds })],
      );
    }
    await this.states.save(manager, 'engine', state);
    if (model !== undefined) await this.states.save(manager, 'model', model);
    // Changed by bars only.
    if (bars.length > 0) await this.tails.save(manager, tails);
    if (bars.length > 0 && baseline !== undefined) await this.states.save(manager, 'baseline', baseline);
  }
}

function insertBars(bars: readonly Bar[]): Statement {
  return insertRows(
    'bar',
    {
      bar_end: ['bigint', ({ end }) => end],
      prices: ['jsonb', ({ prices }) => JSON.stringify(Object.fromEntries(prices))],
      stale: ['jsonb', ({ stale }) => JSON.stringify([...stale])],
    },
    bars,
    'on conflict (bar_end) do nothing',
  );
}
