import { FIELD_ORDER, fieldElement } from '#lib/proofs';
import { type BuiltRule, type RulePublic, ruleStatement, runProgram } from '#lib/rules';
import { seenWith } from './witness.js';

/** A place of a row of a rule's circuit, and another value for it. */
export type Change = readonly [row: string, at: number, change: (value: bigint) => bigint];

/** Numbers of one kind that a prover brings: where they are among the hints, and the slots they were found from. */
export interface Hints {
  readonly kind: string;
  readonly args: readonly number[];
  readonly first: number;
  readonly values: readonly bigint[];
  readonly slots: readonly (readonly bigint[])[];
}

/** An honest witness of a rule, and the same with places changed as a verifier sees it. */
export class AlteredRule {
  readonly names: readonly string[];
  private readonly honest: readonly (readonly bigint[])[];

  constructor(
    readonly rule: BuiltRule,
    private readonly rows: Readonly<Record<string, readonly bigint[]>>,
  ) {
    const blindings = { parameters: 5n, state: 6n, next: 7n, hints: 8n };
    this.honest = ruleStatement(rule).inputs({ rows, blindings });
    this.names = rule.manifest.commitments.map(({ name }) => name);
  }

  /** How many numbers the prover brings. */
  get brought(): number {
    return this.honest[this.names.indexOf('hints')].length - 1;
  }

  seen(...changes: readonly Change[]): { failures: readonly string[]; public: RulePublic | undefined } {
    return seenWith(
      ruleStatement(this.rule),
      this.honest,
      changes.map(([row, at, change]) => [this.names.indexOf(row), at, change] as const),
    );
  }

  hints(): Hints[] {
    const { program } = this.rule;
    const { slots } = runProgram(program, this.rows);
    let at = 0;
    return program.operations.flatMap(([name, where, kind, ...args], slot) => {
      if (name !== 'hint' || where !== 'hints') return [];
      const first = at;
      at += slots[slot].length;
      return [{ kind: kind as string, args: args as number[], first, values: slots[slot], slots }];
    });
  }
}

/** Values that must not pass for a hint: units off, the other sign, beyond its range, around the field. */
export function otherHints(kind: string, value: bigint): ((value: bigint) => bigint)[] {
  // A logarithm is as exact as e^y, to a few of its units.
  const off = kind === 'logarithm' ? 1n << 10n : 2n;
  return [
    ...(value === 0n ? [] : [(v: bigint) => -v]),
    ...[off, -off, 1n << 40n, FIELD_ORDER / 2n].map((by) => (v: bigint) => v + by),
  ];
}

/** The quotient in the field, whose remainder is 0; undefined where b divides a, so that it is the honest one. */
export function fieldQuotient(a: bigint, b: bigint): bigint | undefined {
  return a % b === 0n ? undefined : fieldElement(fieldElement(a) * inverse(b));
}

/** Modular inverse by Fermat. */
function inverse(value: bigint): bigint {
  let [result, base, power] = [1n, fieldElement(value), FIELD_ORDER - 2n];
  for (; power > 0n; power >>= 1n, base = (base * base) % FIELD_ORDER)
    if (power & 1n) result = (result * base) % FIELD_ORDER;
  return result;
}
