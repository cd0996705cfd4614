import { InvalidInputError } from '#lib/errors';
import type { AbstractPool } from '../abstract-pool.js';
import { antiMomentum, meanReversion, minimumVariance, momentum, RULES } from '../rules/index.js';
import { BalancerPool } from './balancer-pool.js';
import { HodlPool } from './hodl-pool.js';
import { RulePool, type RulePoolTerms } from './rule-pool.js';

export class MomentumPool extends RulePool {
  constructor(terms?: Partial<RulePoolTerms>) {
    super(momentum, terms);
  }
}
export class AntiMomentumPool extends RulePool {
  constructor(terms?: Partial<RulePoolTerms>) {
    super(antiMomentum, terms);
  }
}
export class MeanReversionPool extends RulePool {
  constructor(terms?: Partial<RulePoolTerms>) {
    super(meanReversion, terms);
  }
}
export class MinimumVariancePool extends RulePool {
  constructor(terms?: Partial<RulePoolTerms>) {
    super(minimumVariance, terms);
  }
}

/** Names a pool can be asked for by: those of the rules, and the two whose weights do not move. */
export const POOL_NAMES: readonly string[] = ['balancer', 'hodl', ...RULES.map(({ name }) => name)];

/** @throws {InvalidInputError} for a name there is no pool of */
export function poolNamed(name: string, terms?: Partial<RulePoolTerms>): AbstractPool {
  if (name === 'balancer') return new BalancerPool();
  if (name === 'hodl') return new HodlPool();
  const rule = RULES.find((each) => each.name === name);
  if (rule === undefined)
    throw new InvalidInputError('pool', `must be one of ${POOL_NAMES.join(', ')}, got "${name}"`);
  return new RulePool(rule, terms);
}

export { BalancerPool, HodlPool, RulePool, type RulePoolTerms };
