import { Worker } from 'node:worker_threads';
import { InvalidInputError, ZkriskError } from '#lib/errors';
import type { ClusterMode, FactorCount, MarketModelFit } from '#lib/volatility';
import type { EstimationPanel } from './estimation-window.js';

export interface FitRequest extends EstimationPanel {
  readonly id: number;
  readonly clusters: ClusterMode;
  readonly factors: FactorCount;
  readonly minimumObservations: number;
}

export type FitReply =
  | { readonly id: number; readonly fit: MarketModelFit; readonly seconds: number }
  | { readonly id: number; readonly failure: { readonly message: string; readonly expected: boolean } };

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
  private worker: Worker | undefined;
  private readonly waiting = new Map<
    number,
    { resolve: (fit: FinishedFit) => void; reject: (error: Error) => void }
  >();
  private lastId = 0;

  constructor(
    private readonly options: { clusters: ClusterMode; factors: FactorCount; minimumObservations: number },
  ) {}

  fit(panel: EstimationPanel): Promise<FinishedFit> {
    if (panel.markets.length === 0) return Promise.reject(new InvalidInputError('markets', 'none is ready'));
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.start().postMessage({ id, ...panel, ...this.options } satisfies FitRequest);
    });
  }

  async close(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }

  private start(): Worker {
    if (this.worker) return this.worker;
    // A large nursery: collections of a fit's garbage run on threads that the whole process shares.
    const resourceLimits = { maxYoungGenerationSizeMb: 128 };
    const worker = new Worker(new URL('./fit.worker.js', import.meta.url), { resourceLimits });
    worker.unref();
    worker.on('message', (reply: FitReply) => {
      const job = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if ('fit' in reply) job?.resolve({ fit: reply.fit, seconds: reply.seconds });
      else
        job?.reject(
          reply.failure.expected
            ? new FitFailedError(reply.failure.message)
            : new Error(reply.failure.message),
        );
    });
    const failAll = (error: Error) => {
      if (this.worker === worker) this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    worker.on('error', failAll);
    worker.on('exit', (code) => {
      failAll(new Error(`the fitting thread ended with code ${code}`));
    });
    this.worker = worker;
    return worker;
  }
}
