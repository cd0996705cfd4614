import { join } from 'node:path';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Coverage } from './colluders.js';

interface Played {
  readonly played: number;
  readonly coverage: Coverage;
  readonly broken?: string;
}

/**
 * Plays sequences of colluders' commands in threads, each with a seed of its own.
 *
 * @returns sequences that were played; coverage is counted
 * @throws {Error} naming the law that gave way, the seed, and the shortest sequence found
 */
export async function attackInThreads(
  options: {
    readonly sequences: number;
    readonly length: number;
    readonly threads: number;
    readonly seed: number;
  },
  coverage: Coverage,
): Promise<number> {
  const { sequences, length, threads, seed } = options;
  const all = await Promise.all(
    Array.from({ length: threads }, async (_, i) => {
      const worker = new Worker(join(import.meta.dirname, 'attack.worker.js'), {
        workerData: { sequences: Math.ceil(sequences / threads), length, seed: seed + 1000 * i },
      });
      const [result] = (await once(worker, 'message')) as [Played];
      await worker.terminate();
      return result;
    }),
  );
  for (const { coverage: counted } of all)
    for (const [name, times] of counted) coverage.set(name, (coverage.get(name) ?? 0) + times);
  const { broken } = all.find((result) => result.broken !== undefined) ?? {};
  if (broken !== undefined) throw new Error(broken);
  return all.reduce((sum, { played }) => sum + played, 0);
}
