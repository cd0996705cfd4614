import { type FinishedFit, FitFailedError } from '#lib/forecasting';
import { InvalidInputError } from '#lib/errors';
import type { ForecastModelOptions } from '#lib/volatility';
import { JobFailedError, WorkerPool } from '#lib/runtime';
import type { EstimationPanel } from '#lib/forecasting';

export type FitRequest = Pick<EstimationPanel, 'markets' | 'returns'> & ForecastModelOptions;

/** Fits models in one worker thread, so that the event loop never waits for an optimiser. */
export class ModelFitter {
  // A large nursery: collections of a fit's garbage run on threads that the whole process shares.
  private readonly pool = new WorkerPool<FitRequest, FinishedFit>(
    new URL('./fit.worker.js', import.meta.url),
    1,
    { resourceLimits: { maxYoungGenerationSizeMb: 128 } },
  );

  /** @throws {FitFailedError} for reasons of the data */
  async fit(
    { markets, returns }: Pick<EstimationPanel, 'markets' | 'returns'>,
    options: ForecastModelOptions,
  ): Promise<FinishedFit> {
    if (markets.length === 0) throw new InvalidInputError('markets', 'none is ready');
    try {
      return await this.pool.run({ markets, returns, ...options });
    } catch (error) {
      if (error instanceof JobFailedError && error.reason !== undefined)
        throw new FitFailedError(error.message);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
