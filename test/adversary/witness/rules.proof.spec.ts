import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_ORDER, fieldElement } from '#lib/proofs';
import { generator } from '#lib/runtime';
import { askRules, type BuiltRule, loadRule, RULE_UNIT, rowOf, ruleStatement, runProgram } from '#lib/rules';
import { noPython } from '../../support/python.js';
import { witnessOf } from '../../support/witness.js';

const FILE = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'support', 'rule-witness.py');
const UNIT = 1n << 24n;

/** Modular inverse by Fermat. */
function inverse(value: bigint): bigint {
  let [result, base, power] = [1n, fieldElement(value), FIELD_ORDER - 2n];
  for (; power > 0n; power >>= 1n, base = (base * base) % FIELD_ORDER)
    if (power & 1n) result = (result * base) % FIELD_ORDER;
  return result;
}

/** What a prover of a compiled rule may choose, chosen badly: refused, or within the bound the compiler has stated. */
describe.skipIf(noPython() !== undefined)('altered witnesses of compiled rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-witness-'));
  let rule: BuiltRule;
  let honest: bigint[][];
  let names: string[];
  let rows: Record<string, readonly bigint[]>;

  beforeAll(async () => {
    const { values } = await askRules<{ values: Record<string, number[]> }>(
      ['build', FILE, '--out', folder],
      () => undefined,
    );
    rule = loadRule(folder);
    const units = (...numbers: number[]) => numbers.map((value) => BigInt(Math.round(value * RULE_UNIT)));
    rows = {
      ...{
        parameters: rowOf(rule.manifest, 'parameters', values),
        shared: rowOf(rule.manifest, 'shared', values),
      },
      state: rowOf(rule.manifest, 'state', values),
      market: units(0.55, 0.45, 0.03, -0.02, 1.01, 0.985, 0.125),
    };
    honest = ruleStatement(rule)
      .inputs({ rows, blindings: { parameters: 5n, state: 6n, next: 7n, hints: 8n } })
      .map((row) => [...row]);
    names = rule.manifest.commitments.map(({ name }) => name);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  type Change = readonly [row: string, at: number, change: (value: bigint) => bigint];
  function seen(...changes: Change[]) {
    const altered = honest.map((row) => [...row]);
    for (const [row, at, change] of changes) {
      const found = altered[names.indexOf(row)];
      found[at] = change(found[at]);
    }
    const found = witnessOf(ruleStatement(rule), altered);
    if ('refused' in found) return { failures: [found.refused], public: undefined };
    return { failures: found.public.failures, public: found.public };
  }
  /** The operations that bring hints, and the first place of each among them. */
  function hints() {
    const { slots } = runProgram(rule.program, rows);
    let at = 0;
    return rule.program.operations.flatMap(([name, where, kind, ...args], slot) => {
      if (name !== 'hint' || where !== 'hints') return [];
      const first = at;
      at += slots[slot].length;
      return [{ kind: kind as string, args: args as number[], first, values: slots[slot], slots }];
    });
  }

  it('begin from one that holds, and the circuit says what the program has said', () => {
    const { failures, public: told } = seen();
    expect(failures).toEqual([]);
    const { outputs } = runProgram(rule.program, rows);
    expect(told!.target.map((value) => BigInt(value * RULE_UNIT))).toEqual(outputs.get('target'));
    expect(told!.market).toEqual(rows.market);
    expect(names).toEqual(['parameters', 'shared', 'state', 'market', 'next', 'hints']);
    expect(hints().map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['quotient', 'root', 'logarithm']),
    );
  });

  it('are refused with another quotient, root or logarithm: two units off, negative, beyond its range, around the field', () => {
    for (const { kind, first, values } of hints()) {
      values.forEach((value, i) => {
        // A logarithm is known to what e^y is known to, a few of its units.
        const off = kind === 'logarithm' ? 1n << 10n : 2n;
        const changes = [
          ...(value === 0n ? [] : [(v: bigint) => -v]),
          ...[off, -off, 1n << 40n, FIELD_ORDER / 2n].map((by) => (v: bigint) => v + by),
        ];
        for (const [c, change] of changes.entries())
          expect(
            seen(['hints', first + i, change]).failures.length,
            `${kind} ${i}, change ${c}`,
          ).toBeGreaterThan(0);
      });
    }
  }, 120_000);

  it('are refused with the quotient in the field, whose remainder is 0', () => {
    let tried = 0;
    for (const { kind, args, first, slots } of hints()) {
      if (kind !== 'quotient') continue;
      slots[args[0]].forEach((a, i) => {
        const b = slots[args[1]][i];
        // Where b divides a the field's quotient is the honest one.
        if (a % b === 0n) return;
        const exact = fieldElement(a) * inverse(b);
        expect(fieldElement(exact * b)).toBe(fieldElement(a));
        const { failures } = seen(['hints', first + i, () => fieldElement(exact)]);
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
    const count = honest[names.indexOf('hints')].length - 1;
    const bound = 2 * rule.manifest.errors.target;
    let accepted = 0;
    for (let search = 0; search < 100; search++) {
      const changes = Array.from({ length: 1 + Math.floor(draw() * 3) }, (): Change => {
        const by = BigInt(Math.floor((draw() - 0.5) * 2 ** (1 + Math.floor(draw() * 12))));
        return ['hints', Math.floor(draw() * count), (v) => v + by];
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
