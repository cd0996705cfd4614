import { parentPort, workerData } from 'node:worker_threads';
import { type EpisodeReport, runEpisode } from './episode.js';

/** Seeds that a thread runs: the first, and every so many after it. */
export interface SeedsOfThread {
  readonly first: number;
  readonly every: number;
  readonly seconds: number;
}

/** What a thread posts: a report for each episode, or the failure that ends it. */
export type EpisodeMessage = { readonly report: EpisodeReport } | { readonly failure: string };

// Refusals are errors, thousands of them; `npm run simulate -- --only SEED` shows where one comes from.
Error.stackTraceLimit = 0;

const { first, every, seconds } = workerData as SeedsOfThread;
const post = (message: EpisodeMessage) => parentPort!.postMessage(message);
const until = performance.now() + 1000 * seconds;
try {
  for (let seed = first; performance.now() < until; seed += every) post({ report: await runEpisode(seed) });
} catch (error) {
  post({ failure: error instanceof Error ? error.message : String(error) });
}
