export { ArtifactError, type Artifacts, chainKeyOf, loadArtifacts } from './artifacts.js';
export { EngineProver } from './engine-prover.js';
export * from './field.js';
export { LAYOUTS } from './generated/layout.js';
export { NativeProver, nativePython } from './native-prover.js';
export {
  followsForecast,
  type MarginAnnex,
  type MarketAnnex,
  parseAnnex,
  termsOf,
  unitAmount,
  weightsOf,
} from './portfolio/annex.js';
export { maintenanceMargin, marginTangent, type MarginTerms, WEIGHT_BITS } from './portfolio/tangent.js';
export * from './proof-document.js';
export type { CircuitName } from './public-values.js';
export type { ProofVerdict, Prover } from './prover.js';
export { createProver } from './provers.js';
export type { CircuitInputs, Statement } from './statement.js';
export * from './statements/index.js';
