import { randomBytes } from 'node:crypto';
import { InvalidInputError } from '#lib/errors';
import { type CircuitInputs, fieldElement, type Statement } from '#lib/proofs';
import type { BuiltRule } from './built-rule.js';
import { RULE_UNIT } from './manifest.js';
import { type Integers, runProgram } from './program.js';

/** An update of a rule: its inputs as rows of units of 2^−24, and the blinding of their commitments. */
export interface RuleUpdate {
  /** by group */
  readonly rows: Readonly<Record<string, Integers>>;
  /** by commitment; 0 where there is none */
  readonly blindings: Readonly<Record<string, bigint>>;
}

export interface RulePublic {
  /** Poseidon hashes: field elements from 0 up, as contracts keep them */
  readonly commitments: Readonly<Record<string, bigint>>;
  /** weights the rule asks for */
  readonly target: readonly number[];
  /** values that the chain must hold: units of 2^−24 */
  readonly market: Integers;
  readonly failures: readonly string[];
}

/** A blinding nobody guesses: 120 bits, which the engine reads exactly. */
export function blinding(): bigint {
  return BigInt(`0x${randomBytes(15).toString('hex')}`);
}

/** The row of the next state, which the chain will hold a commitment to. */
export function nextState({ program }: BuiltRule, { rows }: RuleUpdate): Integers {
  return runProgram(program, rows).brought.next;
}

/** The statement of a built rule: these weights follow from the committed parameters and state, and from this market. */
export function ruleStatement({ folder, manifest, program }: BuiltRule): Statement<RuleUpdate, RulePublic> {
  return {
    name: `rule:${manifest.name}:${manifest.graph.slice(0, 16)}`,
    folder,
    layout: [
      ...manifest.commitments.map(({ name }) => [name, 1] as const),
      ...manifest.values.map(({ name, length }) => [name, length] as const),
    ],

    inputs({ rows, blindings }): CircuitInputs {
      const { brought, broken } = runProgram(program, rows);
      if (broken.length > 0)
        throw new InvalidInputError(manifest.name, `cannot be proven: ${broken.join(', ')}`);
      const all: Readonly<Record<string, Integers>> = { ...rows, ...brought };
      return manifest.commitments.map(({ name }) => [...all[name], blindings[name] ?? 0n]);
    },

    public(values) {
      const [violations] = values.get('violations')!;
      return {
        commitments: Object.fromEntries(
          manifest.commitments.map(({ name }) => [name, fieldElement(values.get(name)![0])]),
        ),
        target: values.get('target')!.map((value) => Number(value) / RULE_UNIT),
        market: values.get('publicMarket')!,
        failures: violations === 0n ? [] : [`violations are ${violations}, not 0`],
      };
    },

    failures: ({ failures }) => failures,

    parse() {
      throw new InvalidInputError('statement', 'a rule is proven by zkrisk rule prove');
    },
  };
}
