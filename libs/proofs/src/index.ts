export * from './artifacts.js';
export { EngineProver, type Prover, type ProofVerdict } from './engine-prover.js';
export * from './field.js';
export * from './proof-document.js';
export type { CircuitInputs, Statement } from './statement.js';
export * from './statements/index.js';
