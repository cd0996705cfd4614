import { join } from 'node:path';
import { loadRule, RULE_UNIT, type RuleUpdate, ruleStatement } from '#lib/rules';

/** Momentum of three tokens as `zkrisk rule build` makes it: the smallest circuit there is. test/proof/rules.spec.ts builds it again. */
const BUILT = join(import.meta.dirname, '..', '..', '..', 'test', 'vectors', 'rules', 'momentum');
export const statement = ruleStatement(loadRule(BUILT));
export const units = (...numbers: number[]) => numbers.map((value) => BigInt(Math.round(value * RULE_UNIT)));
export const K = [0.5, 0.75, 1.25];
export const WEIGHTS = [0.25, 0.45, 0.3];
export const GRADIENT = [0.02, -0.01, 0.015];
export const UPDATE: RuleUpdate = {
  rows: { parameters: units(...K), shared: [], state: [], market: units(...WEIGHTS, ...GRADIENT) },
  blindings: { parameters: 2n ** 119n + 77n, hints: 12345n },
};
