export { declaredModel } from './declared-model.js';
export { EpochNotProvableError, ModelNotProvableError } from './errors.js';
export { EpochComposer, type ComposerState } from './epoch-composer.js';
export { ProofRunner } from './proof-runner.js';
export { type ProverConfig, proverConfig, proverEnvironment } from './prover.config.js';
export { ProverModule } from './prover.module.js';
export { ProverRepository } from './prover.repository.js';
export { PROVER_LANE, ProverService } from './prover.service.js';
export { prover } from './service.js';
