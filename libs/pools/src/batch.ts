import { availableParallelism } from 'node:os';
import { InvalidInputError } from '#lib/errors';
import { WorkerPool } from '#lib/runtime';
import { setsOf } from './parameters.js';
import type { PoolRun } from './pool-run.js';
import { poolNamed } from './pools/index.js';
import { setsFrom, simulate, type Simulation } from './simulation.js';

/** Some sets of a simulation, for a thread; prices and reserves are shared with it. */
export interface BatchPart {
  readonly simulation: Simulation;
  readonly reserves: Float64Array;
}

export interface BatchPartDone {
  readonly fees: Float64Array;
  readonly arbitrages: Float64Array;
}

/** Sets a part has at least: fewer are not worth a message. */
const LEAST_SETS = 2;

/** Simulates many sets of parameters in threads, over memory they share. */
export class PoolBatch {
  private readonly threads: WorkerPool<BatchPart, BatchPartDone>;

  constructor(private readonly count = availableParallelism()) {
    this.threads = new WorkerPool(new URL('./batch.worker.js', import.meta.url), count);
  }

  /**
   * The result of {@link simulate}, to the last bit, however many threads there are.
   *
   * @param options.output where reserves go, sets × rows × n, over memory that threads can share; made where it is left out
   * @throws {InvalidInputError} for anything the pool refuses
   */
  async run(
    simulation: Simulation,
    {
      onProgress = () => undefined,
      output,
    }: { onProgress?: (sets: number) => void; output?: Float64Array } = {},
  ): Promise<PoolRun> {
    const pool = poolNamed(simulation.pool, simulation.terms);
    const { parameters, prices, arbFrequency = 1 } = simulation;
    const sets = setsOf(parameters, pool.parameterAxes(parameters));
    if (sets < 2 * LEAST_SETS) return simulate(simulation, output);
    const rows = Math.ceil(prices.rows / arbFrequency);
    const size = rows * prices.assets;
    const reserves = output ?? new Float64Array(new SharedArrayBuffer(sets * size * 8));
    if (reserves.length !== sets * size || !(reserves.buffer instanceof SharedArrayBuffer))
      throw new InvalidInputError('output', `must have ${sets * size} elements, over a SharedArrayBuffer`);
    const run: PoolRun = {
      ...{ sets, rows, assets: prices.assets, reserves },
      ...{ fees: new Float64Array(sets), arbitrages: new Float64Array(sets) },
    };
    // Several parts a thread: one that is held up keeps the others waiting for less. Fewer where a set takes
    // so little that a part's shared work on the prices counts.
    const free = simulation.costs === undefined && simulation.dynamic === undefined;
    const step = Math.max(LEAST_SETS, Math.ceil(sets / ((free ? 2 : 4) * this.count)));
    let done = 0;
    const part = async (from: number) => {
      const to = Math.min(sets, from + step);
      const answer = await this.threads.run({
        simulation: { ...simulation, parameters: setsFrom(pool, parameters, from, to) },
        reserves: reserves.subarray(from * size, to * size),
      });
      run.fees.set(answer.fees, from);
      run.arbitrages.set(answer.arbitrages, from);
      onProgress((done += to - from));
    };
    await Promise.all(Array.from({ length: Math.ceil(sets / step) }, (_, i) => part(i * step)));
    return run;
  }

  close(): Promise<void> {
    return this.threads.close();
  }
}
