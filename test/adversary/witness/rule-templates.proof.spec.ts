import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER } from '#lib/proofs';
import { inputsOf, loadRule, readSecrets, ruleFolder, RULES, RULE_UNIT, rowOf } from '#lib/rules';
import { AlteredRule, fieldQuotient, otherHints } from '../../support/altered-rule.js';
import { buildRule } from '../../support/built-rules.js';
import { noPython } from '../../support/python.js';

/** Of each kind of hint: enough to see that it is pinned, in seconds. */
const SAMPLED = 3;

/** Templates of zkrisk rule new are compiled as soundly as the rule written for it here: rules.proof.spec.ts. */
describe.skipIf(noPython() !== undefined)('altered witnesses of the rules to begin with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-templates-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['momentum', 'mean_reversion', 'minimum_variance', 'power_channel', 'network'])(
    '%s: other quotients, roots and logarithms, parameters and states out of range are refused',
    async (name) => {
      const file = join(folder, `${name}.py`);
      copyFileSync(join(RULES, 'templates', `${name}.py`), file);
      await buildRule(file);
      const rule = loadRule(ruleFolder(file));
      const { values } = readSecrets(rule.folder);
      const units = (numbers: readonly number[]) =>
        numbers.map((value) => BigInt(Math.round(value * RULE_UNIT)));
      const market = {
        weights: [0.5, 0.3, 0.2],
        gradients: [0.03, -0.02, 0.011],
        prices: [1.01, 0.985, 1.002],
      };
      const group = (of: 'parameters' | 'shared' | 'state') => rowOf(rule.manifest, of, values);
      const altered = new AlteredRule(rule, {
        ...{ parameters: group('parameters'), shared: group('shared'), state: group('state') },
        market: inputsOf(rule.manifest, 'market').flatMap(({ kind }) =>
          units(market[kind as keyof typeof market]),
        ),
      });
      expect(altered.seen().failures).toEqual([]);
      const seen = new Map<string, number>();
      for (const { kind, args, first, values: hints, slots } of altered.hints())
        hints.forEach((value, i) => {
          const tried = seen.get(kind) ?? 0;
          if (tried >= SAMPLED) return;
          seen.set(kind, tried + 1);
          const others = otherHints(kind, value);
          const exact = kind === 'quotient' ? fieldQuotient(slots[args[0]][i], slots[args[1]][i]) : undefined;
          if (exact !== undefined) others.push(() => exact);
          for (const [c, change] of others.entries())
            expect(
              altered.seen(['hints', first + i, change]).failures.length,
              `${kind} ${i}, change ${c}`,
            ).toBeGreaterThan(0);
        });
      expect(seen.size).toBeGreaterThan(0);
      for (const row of ['parameters', 'state'] as const) {
        let at = 0;
        for (const { low, high, length } of inputsOf(rule.manifest, row)) {
          for (const value of [BigInt(low) - 1n, BigInt(high) + 1n, FIELD_ORDER / 2n])
            expect(
              altered.seen([row, at, () => value]).failures.length,
              `${row} ${at}, ${value}`,
            ).toBeGreaterThan(0);
          at += length;
        }
      }
    },
    280_000,
  );
});
