import { Metrics, type ServiceDefinition } from '#lib/host';
import { ProofRunner } from './proof-runner.js';
import { proofsChannel } from './proofs-channel.js';
import { proverConfig, proverEnvironment } from './prover.config.js';
import { proverMetrics } from './prover.metrics.js';
import { ProverModule } from './prover.module.js';
import { ProverRepository } from './prover.repository.js';

/** Statements → zero-knowledge proofs. */
export const prover: ServiceDefinition = {
  name: 'prover',
  environment: proverEnvironment,
  open: (environment) => ({
    module: ProverModule.register(proverConfig(environment)),
    streams: (app) => ({ channels: [proofsChannel(app.get(ProverRepository))] }),
    started: (app) => {
      proverMetrics(app.get(Metrics), app.get(ProverRepository));
    },
    ending: (app) => app.get(ProofRunner).close(),
  }),
};
