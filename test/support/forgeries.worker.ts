import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '#lib/errors';
import { loadSolvers } from '#lib/liquidation';
import { searchForgeries } from './forgeries.js';

/** A part of a long search for forged certificates. */
const { tries, seed } = workerData as { tries: number; seed: number };
try {
  parentPort!.postMessage({ counts: searchForgeries(await loadSolvers(), tries, seed) });
} catch (error) {
  parentPort!.postMessage({ found: messageOf(error) });
}
