import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { messageOf, ZkriskError } from '#lib/errors';
import { fitMarketModel } from '#lib/volatility';
import type { FitReply, FitRequest } from './model-fitter.js';

// On Linux a priority belongs to a thread: a fit gives way to quotes when both want the processor.
try {
  setPriority(0, constants.priority.PRIORITY_LOW);
} catch {
  // Not permitted here; the fit then competes as an equal.
}

parentPort!.on('message', ({ id, markets, returns, clusters, factors, minimumObservations }: FitRequest) => {
  let reply: FitReply;
  try {
    const started = performance.now();
    const fit = fitMarketModel(markets, returns, { clusters, goGarch: { factors }, minimumObservations });
    reply = { id, fit, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    reply = { id, failure: { message: messageOf(error), expected: error instanceof ZkriskError } };
  }
  parentPort!.postMessage(reply);
});
