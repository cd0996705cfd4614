import { InvalidInputError, ZkriskError } from '#lib/errors';
import type { ClusterMode, FactorCount, MarketModelFit } from '#lib/volatility';
import { JobFailedError, WorkerPool } from '#lib/worker-pool';
import type { EstimationPanel } from './estimation-window.js';

interface FitOptions {
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
  readonly minimumObservations: number;
}

export type FitRequest = EstimationPanel & FitOptions;

/** A fit that failed for reasons of the data; the previous model stays in force. */
export class FitFailedError extends ZkriskError {
  readonly code = 'fit-failed';
}

export interface FinishedFit {
  readonly fit: MarketModelFit;
  readonly seconds: number;
}

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
