import type { OsqpSettings } from './settings.js';
import { OsqpSolver, type QuadraticProgram } from './solver.js';
import { instantiate, type OsqpSource } from './wasm-module.js';

export {
  type CscMatrix,
  cscFromDense,
  multiply,
  quadraticForm,
  upperTriangleFromDense,
} from './csc-matrix.js';
export { OsqpError, type OsqpErrorCode } from './errors.js';
export type { OsqpSettings } from './settings.js';
export { type OsqpResult, OsqpSolver, type OsqpStatus, type QuadraticProgram } from './solver.js';
export type { OsqpSource } from './wasm-module.js';

/** A loaded module. Its solvers share one memory. */
export interface Osqp {
  /** OSQP's own version */
  readonly version: string;
  /**
   * Sets up a solver; free it when done (`using solver = osqp.setup(…)` does).
   *
   * @throws {OsqpError} for wrong shapes, values that are not finite, l > u, a P that is not convex, wrong settings
   */
  setup(program: QuadraticProgram, settings?: OsqpSettings): OsqpSolver;
  /** bytes of memory the module holds: it grows to the largest need and does not shrink */
  memoryBytes(): number;
}

/**
 * Loads OSQP. Without a source the package's own file is read (Node) or fetched from beside this module (browsers).
 */
export async function loadOsqp(source?: OsqpSource): Promise<Osqp> {
  const wasm = await instantiate(source);
  return {
    version: '0.6.3',
    setup: (program, settings = {}) => new OsqpSolver(wasm, program, settings),
    memoryBytes: () => wasm.memory.buffer.byteLength,
  };
}
