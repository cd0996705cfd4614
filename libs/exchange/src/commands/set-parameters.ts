import type { ParameterCommandPayload } from '#lib/messages';
import type { ParametersSet } from '../book/book-event.js';
import { ParametersVersionError } from '../errors.js';
import { requireSameModel, riskRules } from '../parameters/risk-rules.js';
import type { Exchange } from './exchange.js';

/**
 * Puts another version of the risk parameters in force.
 *
 * @throws {ParametersVersionError} where another version holds than the one that was to be changed
 * @throws {InvalidInputError} naming the parameter that does not fit, or `model`, which nothing changes
 */
export function setParameters(
  { parameters }: Exchange,
  command: Omit<ParameterCommandPayload, 'seal'>,
  at: number,
): ParametersSet {
  const { commandId, base, by, reason } = command;
  requireVersion(parameters.rules.version, base);
  requireSameModel(parameters.rules.parameters, command.parameters);
  const { version, digest, parameters: changed } = riskRules(base + 1, command.parameters);
  return {
    ...{ kind: 'parameters-set', at, commandId, version, parametersDigest: digest },
    ...{ parameters: changed, by, reason },
  };
}

/** @throws {ParametersVersionError} for an input that was made under another version than the one that holds */
export function requireVersion(holds: number, made: number): void {
  if (made !== holds) throw new ParametersVersionError(made, holds);
}
