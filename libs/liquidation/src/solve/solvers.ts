import highs from 'highs';
import { loadOsqp, type Osqp } from 'osqp-wasm';
import type { LinearSolver } from './cutting-planes.js';

// The package's types are written for CommonJS; the import is the function itself.
const loadHighs = highs as unknown as typeof highs.default;

/** The solvers of {@link liquidate}. */
export interface Solvers {
  readonly osqp: Osqp;
  readonly highs: LinearSolver;
}

/** Loads both solvers; each thread needs its own. */
export async function loadSolvers(): Promise<Solvers> {
  const [osqp, highs] = await Promise.all([loadOsqp(), loadHighs()]);
  return { osqp, highs };
}
