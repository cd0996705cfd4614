import { z } from 'zod';
import { positiveInteger, readConfig } from '#lib/service';

export const proverEnvironment = z.object({
  PROVER: z.enum(['on', 'off']).default('off').describe('whether statements are proven'),
  PROVER_BACKEND: z
    .enum(['engine', 'native'])
    .default('engine')
    .describe('engine: threads of this process; native: ezkl in Python processes, one at a time'),
  PROVER_THREADS: positiveInteger(2).describe(
    'proofs the engine makes at once; each takes a core and up to 1.7 GB',
  ),
  PROVER_ATTEMPTS: positiveInteger(3).describe('how often a proof is tried before it counts as failed'),
  EPOCH_EVERY_BARS: z.coerce
    .number()
    .int()
    .min(0)
    .default(1)
    .describe(
      'bars from one run of proven epochs to the next; 1 proves every bar, each from the state of the one before; 0 proves none',
    ),
  EPOCH_RUN: positiveInteger(1).describe(
    'consecutive bars proven in a run; EPOCH_EVERY_BARS makes one chain of all',
  ),
  PROVE_LIQUIDATIONS: z
    .enum(['all', 'epoch', 'none'])
    .default('all')
    .describe('which plans are proven: all, the first one after each epoch, or none'),
  ZKRISK_DATA_DIR: z.string().default('.zkrisk').describe('where proving keys are kept'),
});
export type ProverConfig = z.output<typeof proverEnvironment>;
export const proverConfig = (environment: NodeJS.ProcessEnv) => readConfig(proverEnvironment, environment);
