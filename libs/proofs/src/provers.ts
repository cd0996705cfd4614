import { InvalidInputError } from '#lib/errors';
import { EngineProver, type ProverOptions } from './engine-prover.js';
import { NativeProver, nativePython } from './native-prover.js';
import type { Prover } from './prover.js';

/**
 * The prover that PROVER_BACKEND names: `engine` (default), in worker threads of this process, or `native`, in Python processes.
 *
 * @throws {InvalidInputError} for another name, or where native ezkl is not installed
 */
export function createProver(
  options: ProverOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): Prover {
  const backend = environment.PROVER_BACKEND ?? 'engine';
  if (backend === 'engine') return new EngineProver(options, environment);
  if (backend !== 'native')
    throw new InvalidInputError('PROVER_BACKEND', `must be engine or native, got "${backend}"`);
  const python = nativePython(environment);
  if (python === undefined)
    throw new InvalidInputError(
      'PROVER_BACKEND',
      'native needs ezkl 21 in Python: npm run circuits installs it, ZKRISK_NATIVE_PYTHON names another',
    );
  return new NativeProver(python, options, environment);
}
