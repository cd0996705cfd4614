import { parentPort, workerData } from 'node:worker_threads';
import { attack, type Coverage, LINEAR_RULES } from './colluders.js';

/** Sequences a thread plays: half at constant marks, half at random ones, a quarter of both with linear margin. */
const { sequences, length, seed } = workerData as { sequences: number; length: number; seed: number };
const coverage: Coverage = new Map();
let played = 0;
try {
  for (const [i, [randomMarks, rules]] of [
    ...[[false, undefined] as const, [true, undefined] as const],
    ...[[false, undefined] as const, [true, LINEAR_RULES] as const],
  ].entries())
    played += attack(Math.ceil(sequences / 4), length, randomMarks, coverage, seed + i, rules);
  parentPort!.postMessage({ played, coverage });
} catch (error) {
  parentPort!.postMessage({ played, coverage, broken: (error as Error).message });
}
