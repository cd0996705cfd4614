import { join } from 'node:path';
import { WorkerPool } from '#lib/runtime';
import type { Artifacts } from './artifacts.js';
import { CircuitProver, type CircuitResult, type CircuitWork } from './prover.js';

export type EngineRequest =
  | {
      readonly kind: 'circuit';
      readonly artifacts: Artifacts;
      /** folder of the keys that are made at first use */
      readonly keys: string;
      readonly work: CircuitWork;
    }
  | { readonly kind: 'commit'; readonly values: readonly string[] };
export type EngineReply = CircuitResult | { readonly kind: 'commitment'; readonly hash: string };

export interface ProverOptions {
  readonly threads?: number;
  /** folder of the keys that are made at first use; see {@link keysFolder} for the default */
  readonly keys?: string;
}

/** Folder of proving keys: the option's, ZKRISK_PROVING_KEYS, which provers of a machine may share, or one in ZKRISK_DATA_DIR. */
export function keysFolder(options: ProverOptions, environment: NodeJS.ProcessEnv): string {
  return (
    options.keys ??
    environment.ZKRISK_PROVING_KEYS ??
    join(environment.ZKRISK_DATA_DIR ?? '.zkrisk', 'proving-keys')
  );
}

/** Prover on `@ezkljs/engine`, in worker threads. Proving keys are made at first use and kept. */
export class EngineProver extends CircuitProver {
  private readonly pool: WorkerPool<EngineRequest, EngineReply>;

  constructor(
    private readonly options: ProverOptions = {},
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    super(environment);
    this.pool = new WorkerPool(new URL('./engine.worker.js', import.meta.url), options.threads ?? 1);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  protected async hash(row: readonly string[]): Promise<string> {
    const reply = await this.pool.run({ kind: 'commit', values: row });
    if (reply.kind !== 'commitment') throw new Error('the engine answered something else');
    return reply.hash;
  }

  protected async work(artifacts: Artifacts, work: CircuitWork): Promise<CircuitResult> {
    const keys = keysFolder(this.options, this.environment);
    const reply = await this.pool.run({ kind: 'circuit', artifacts, keys, work });
    if (reply.kind === 'commitment') throw new Error('the engine answered something else');
    return reply;
  }
}
