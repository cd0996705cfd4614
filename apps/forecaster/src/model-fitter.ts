import { type FinishedFit, FitFailedError } from '#lib/forecasting';
import { InvalidInputError } from '#lib/errors';
import type { ClusterMode, FactorCount } from '#lib/volatility';
import { JobFailedError, WorkerPool } from '#lib/runtime';
import type { EstimationPanel } from '#lib/forecasting';

interface FitOptions {
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
  readonly minimumObservations: number;
}

export type FitRequest = EstimationPanel & FitOptions;

/** Fits models in one worker thread, so that the event loop never waits for an optimiser. */
export class ModelFitter {
  // A large nursery: collections of a fit's garbage run on threads that the whole process shares.
  private readonly pool = new WorkerPool<FitRequest, FinishedFit>(
    new URL('./fit.worker.js', import.meta.url),
    1,
    { resourceLimits: { maxYoungGenerationSizeMb: 128 } },
  );

  constructor(private readonly options: FitOptions) {}

  /** @throws {FitFailedError} for reasons of the data */
  async fit(panel: EstimationPanel): Promise<FinishedFit> {
    if (panel.markets.length === 0) throw new InvalidInputError('markets', 'none is ready');
    try {
      return await this.pool.run({ ...panel, ...this.options });
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
