export { ArtifactError, type Artifacts, chainKeyOf, loadArtifacts } from './artifacts.js';
export { EngineProver } from './engine-prover.js';
export * from './field.js';
export { NativeProver, nativePython } from './native-prover.js';
export * from './proof-document.js';
export type { ProofVerdict, Prover } from './prover.js';
export { createProver } from './provers.js';
export type { CircuitInputs, Statement } from './statement.js';
export * from './statements/index.js';
