import { InvalidInputError } from '#lib/errors';
import { antiMomentum } from './anti-momentum.js';
import { meanReversion } from './mean-reversion.js';
import { minimumVariance } from './minimum-variance.js';
import { momentum } from './momentum.js';
import type { Rule } from './rule.js';

/** Every rule there is. One that is added is a file here and a line below. */
export const RULES: readonly Rule[] = [momentum, antiMomentum, meanReversion, minimumVariance];

/** @throws {InvalidInputError} for a name no rule has */
export function ruleNamed(name: string): Rule {
  const rule = RULES.find((each) => each.name === name);
  if (rule === undefined)
    throw new InvalidInputError(
      'rule',
      `must be one of ${RULES.map((each) => each.name).join(', ')}, got "${name}"`,
    );
  return rule;
}

export { antiMomentum, meanReversion, minimumVariance, momentum };
export * from './rule.js';
