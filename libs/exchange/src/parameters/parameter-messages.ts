import { InvalidInputError } from '#lib/errors';
import type { Message, ParametersPayload } from '#lib/messages';
import { requireSameModel, type RiskRules, riskRules } from './risk-rules.js';

/** A version that a batch puts in force, and the message that says so. */
export interface NewRules {
  readonly rules: RiskRules;
  readonly message: ParametersPayload;
}

/**
 * The last version that a batch of the pricer's messages puts in force; undefined where the one in force stays. A message whose digest
 * is not that of its parameters, or whose model is another one, goes to the dead letters.
 *
 * @param holds version in force
 * @param reject takes a message's place in the batch, and the reason
 */
export function newRules(
  messages: readonly Message<ParametersPayload>[],
  holds: RiskRules,
  reject: (index: number, reason: string) => void,
): NewRules | undefined {
  let last: NewRules | undefined;
  for (const [index, { payload: message }] of messages.entries()) {
    try {
      const { version, digest } = last?.rules ?? holds;
      if (message.version < version || (message.version === version && message.digest === digest)) continue;
      const rules = riskRules(message.version, message.parameters);
      if (rules.digest !== message.digest)
        throw new InvalidInputError('digest', `of version ${message.version} is ${rules.digest}`);
      requireSameModel(holds.parameters, message.parameters);
      last = { rules, message };
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      reject(index, error.message);
    }
  }
  return last;
}

/**
 * The version that a service goes on with.
 *
 * @param stored version that the service has stored, where it has one
 * @param first version 1, from the settings
 * @throws {InvalidInputError} where the settings have another model than the stored version
 */
export function rulesInForce(stored: ParametersPayload | undefined, first: RiskRules): RiskRules {
  if (stored === undefined) return first;
  requireSameModel(stored.parameters, first.parameters);
  return riskRules(stored.version, stored.parameters);
}
