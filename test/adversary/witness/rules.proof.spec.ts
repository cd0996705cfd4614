import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, fieldElement } from '#lib/proofs';
import { generator } from '#lib/runtime';
import { type BuiltRule, loadRule, readSecrets, ruleFolder, RULE_UNIT, rowOf, runProgram } from '#lib/rules';
import { AlteredRule, type Change, fieldQuotient, otherHints } from '../../support/altered-rule.js';
import { buildRule } from '../../support/built-rules.js';
import { noPython } from '../../support/python.js';

const FILE = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'support', 'rule-witness.py');
const UNIT = 1n << 24n;

/** Free values of a prover of a compiled rule, chosen badly: refused, or within the bound the compiler has stated. */
describe.skipIf(noPython() !== undefined)('altered witnesses of compiled rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-witness-'));
  let rule: BuiltRule;
  let altered: AlteredRule;
  let rows: Record<string, readonly bigint[]>;
  const seen = (...changes: Change[]) => altered.seen(...changes);

  beforeAll(async () => {
    const file = join(folder, 'witness.py');
    copyFileSync(FILE, file);
    await buildRule(file);
    rule = loadRule(ruleFolder(file));
    const { values } = readSecrets(rule.folder);
    const units = (...numbers: number[]) => numbers.map((value) => BigInt(Math.round(value * RULE_UNIT)));
    rows = {
      ...{
        parameters: rowOf(rule.manifest, 'parameters', values),
        shared: rowOf(rule.manifest, 'shared', values),
      },
      state: rowOf(rule.manifest, 'state', values),
      market: units(0.55, 0.45, 0.03, -0.02, 1.01, 0.985, 0.125),
    };
    altered = new AlteredRule(rule, rows);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('begin from one that holds, and the circuit says what the program has said', () => {
    const { failures, public: told } = seen();
    expect(failures).toEqual([]);
    const { outputs } = runProgram(rule.program, rows);
    expect(told!.target.map((value) => BigInt(value * RULE_UNIT))).toEqual(outputs.get('target'));
    expect(told!.market).toEqual(rows.market);
    expect(altered.names).toEqual(['parameters', 'shared', 'state', 'market', 'next', 'hints']);
    expect(altered.hints().map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['quotient', 'root', 'logarithm']),
    );
  });

  it('are refused with another quotient, root or logarithm: two units off, negative, beyond its range, around the field', () => {
    for (const { kind, first, values } of altered.hints())
      values.forEach((value, i) => {
        for (const [c, change] of otherHints(kind, value).entries())
          expect(
            seen(['hints', first + i, change]).failures.length,
            `${kind} ${i}, change ${c}`,
          ).toBeGreaterThan(0);
      });
  }, 120_000);

  it('are refused with the quotient in the field, whose remainder is 0', () => {
    let tried = 0;
    for (const { kind, args, first, slots } of altered.hints()) {
      if (kind !== 'quotient') continue;
      slots[args[0]].forEach((a, i) => {
        const b = slots[args[1]][i];
        const exact = fieldQuotient(a, b);
        if (exact === undefined) return;
        expect(fieldElement(exact * b)).toBe(fieldElement(a));
        const { failures } = seen(['hints', first + i, () => exact]);
        expect(failures.length, `quotient ${i}`).toBeGreaterThan(0);
        tried++;
      });
    }
    expect(tried).toBeGreaterThan(2);
  }, 120_000);

  it('are refused with parameters or states beyond either end of their ranges', () => {
    const [low, high] = [UNIT / 2n, 4n * UNIT];
    for (const value of [low - 1n, high + 1n, -high, FIELD_ORDER - low])
      expect(seen(['parameters', 0, () => value]).failures.length, `parameter ${value}`).toBeGreaterThan(0);
    for (const value of [-1n, 10_000n * UNIT + 4096n, FIELD_ORDER / 2n])
      expect(seen(['state', 1, () => value]).failures.length, `state ${value}`).toBeGreaterThan(0);
    for (const value of [UNIT - 1n, 2n * UNIT + 1n])
      expect(seen(['shared', 0, () => value]).failures.length, `shared ${value}`).toBeGreaterThan(0);
  }, 120_000);

  it('are refused with another next state, two units off or far away', () => {
    for (const by of [2n, -2n, 1n << 20n, -(1n << 20n), FIELD_ORDER / 2n])
      expect(seen(['next', 0, (v) => v + by]).failures.length, `${by}`).toBeGreaterThan(0);
  }, 120_000);

  it('show another market, another state and other parameters in public', () => {
    const truth = seen().public!;
    rows.market.forEach((_, at) => {
      const { failures, public: told } = seen(['market', at, (v) => v + 1n]);
      expect(failures.length > 0 || told!.market[at] !== truth.market[at]).toBe(true);
    });
    for (const row of ['parameters', 'shared', 'state'])
      expect(seen([row, 0, (v) => v + (row === 'shared' ? -1n : 1n)]).public?.commitments[row]).not.toBe(
        truth.commitments[row],
      );
  }, 120_000);

  it('never claim another target than the stated bound allows, whatever hints are searched at random', () => {
    const truth = seen().public!;
    const draw = generator(11);
    const bound = 2 * rule.manifest.errors.target;
    let accepted = 0;
    for (let search = 0; search < 100; search++) {
      const changes = Array.from({ length: 1 + Math.floor(draw() * 3) }, (): Change => {
        const by = BigInt(Math.floor((draw() - 0.5) * 2 ** (1 + Math.floor(draw() * 12))));
        return ['hints', Math.floor(draw() * altered.brought), (v) => v + by];
      });
      const { failures, public: told } = seen(...changes);
      if (failures.length > 0) continue;
      accepted++;
      told!.target.forEach((value, i) => {
        expect(Math.abs(value - truth.target[i])).toBeLessThanOrEqual(bound);
      });
    }
    expect(accepted).toBeGreaterThan(0);
  }, 300_000);
});
