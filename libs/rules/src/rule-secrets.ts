import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { type BuiltRule, RuleNotBuiltError } from './built-rule.js';
import { type Group, inputsOf, RULE_UNIT, type RuleInputDescription, type RuleManifest } from './manifest.js';
import type { Integers } from './program.js';
import { blinding } from './rule-statement.js';

const hex = z.string().regex(/^[0-9a-f]{1,30}$/, 'must be up to 120 bits in hexadecimal');
const values = z.record(z.string(), z.array(z.number()));

/** A rule's secrets, known to its owner alone. Whoever has this file can prove updates of its pools. */
const secretsSchema = z.strictObject({
  /** values of parameters and of the first states, by name */
  values,
  /** where they are from: the rule's file, or training, which a new build keeps */
  from: z.enum(['file', 'training']),
  /** blinds the commitment to private parameters */
  salt: hex,
  /** blinds the commitment to the first state */
  stateSalt: hex,
});
export type RuleSecrets = z.infer<typeof secretsSchema>;

const keptStatesSchema = z.record(
  z.string(),
  z.strictObject({ values: z.array(z.string().regex(/^-?\d+$/)), blinding: hex }),
);

const FILES = { secrets: 'secrets.json', states: 'states.json' } as const;

/**
 * The secrets of a rule.
 *
 * @throws {RuleNotBuiltError} where there are none
 * @throws {InvalidInputError} for a file that holds something else
 */
export function readSecrets(folder: string): RuleSecrets {
  const path = join(folder, FILES.secrets);
  if (!existsSync(path)) throw new RuleNotBuiltError(`${path} is not there; zkrisk rule build makes it`);
  return parseInput(secretsSchema, JSON.parse(readFileSync(path, 'utf8')), path);
}

/** Keeps values; salts stay, so that commitments to the same values stay. */
export function keepValues(
  folder: string,
  found: Readonly<Record<string, readonly number[]>>,
  from: RuleSecrets['from'],
): RuleSecrets {
  const known = existsSync(join(folder, FILES.secrets)) ? readSecrets(folder) : undefined;
  const secrets: RuleSecrets = {
    ...{ values: Object.fromEntries(Object.entries(found).map(([name, row]) => [name, [...row]])), from },
    salt: known?.salt ?? blinding().toString(16),
    stateSalt: known?.stateSalt ?? blinding().toString(16),
  };
  writeWhole(join(folder, FILES.secrets), secrets);
  return secrets;
}

/** A file is there whole or not at all, and its owner's alone. */
function writeWhole(path: string, value: unknown): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

/** The state behind a commitment, kept from update to update. */
export interface KeptState {
  readonly values: Integers;
  readonly blinding: bigint;
}

/** The state a commitment is to, where this machine has made it. */
export function keptState(folder: string, commitment: bigint): KeptState | undefined {
  const found = readStates(folder)[commitment.toString(16)];
  return found && { values: found.values.map(BigInt), blinding: BigInt(`0x${found.blinding}`) };
}

/** Keeps a state before the chain learns of its commitment: an update that is sent can always be followed. */
export function keepState(folder: string, commitment: bigint, state: KeptState): void {
  const kept = readStates(folder);
  kept[commitment.toString(16)] = { values: state.values.map(String), blinding: state.blinding.toString(16) };
  writeWhole(join(folder, FILES.states), kept);
}

function readStates(folder: string): z.infer<typeof keptStatesSchema> {
  const path = join(folder, FILES.states);
  return existsSync(path) ? parseInput(keptStatesSchema, JSON.parse(readFileSync(path, 'utf8')), path) : {};
}

/**
 * The row of a group in units of 2^−24, from values by name.
 *
 * @throws {InvalidInputError} naming an input that is missing, of another size, or outside its range
 */
export function rowOf(
  manifest: RuleManifest,
  group: Group,
  found: Readonly<Record<string, readonly number[]>>,
): Integers {
  return inputsOf(manifest, group).flatMap((input) => unitsOf(input, found[input.name]));
}

function unitsOf(
  { name, length, low, high }: RuleInputDescription,
  numbers: readonly number[] | undefined,
): bigint[] {
  if (numbers?.length !== length)
    throw new InvalidInputError(name, `must have ${length} numbers, got ${numbers?.length ?? 'none'}`);
  return numbers.map((value, i) => {
    const units = Math.round(value * RULE_UNIT);
    if (!(units >= low && units <= high))
      throw new InvalidInputError(
        `${name}[${i}]`,
        `must be in [${low / RULE_UNIT}, ${high / RULE_UNIT}], got ${value}`,
      );
    return BigInt(units);
  });
}

/** Rows and blindings of a rule's commitments that the chain holds: private and shared parameters, the first state. */
export function committedRows(rule: BuiltRule, secrets: RuleSecrets) {
  const row = (group: Group, salt: bigint) => [...rowOf(rule.manifest, group, secrets.values), salt];
  const has = (group: Group) => rule.manifest.groups[group].length > 0;
  return {
    parameters: row('parameters', BigInt(`0x${secrets.salt}`)),
    // Without a salt: whoever knows the values recognises them.
    shared: has('shared') ? row('shared', 0n) : undefined,
    state: has('state') ? row('state', BigInt(`0x${secrets.stateSalt}`)) : undefined,
  };
}
