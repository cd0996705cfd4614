import { z } from 'zod';
import { parseInput } from '#lib/errors';

/** Numbers of a rule in its circuit are integers in units of 2^−24. */
export const RULE_BITS = 24;
export const RULE_UNIT = 2 ** RULE_BITS;

const names = z.array(z.string());
/** Rows of a circuit, or its public values, in order. */
export const rowsSchema = z.array(z.strictObject({ name: z.string(), length: z.int().min(1) }));

/** Rows of the circuit that inputs are in, in this order: each is committed to by a hash. */
const groupSchema = z.enum(['parameters', 'shared', 'state', 'market']);
export type Group = z.infer<typeof groupSchema>;

const inputSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['weights', 'gradients', 'prices', 'parameter', 'state']),
  group: groupSchema,
  shape: z.array(z.int().min(1)),
  /** elements in the circuit: of prices, all but the newest */
  length: z.int().min(1),
  /** units of 2^−24 */
  low: z.int(),
  high: z.int(),
  visibility: z.enum(['private', 'hashed', 'public']),
  bars: z.int().optional(),
});
export type RuleInputDescription = z.infer<typeof inputSchema>;

/** Description of a rule by `rules/zkrules`: everything but its secret values. */
export const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(/^\w{1,60}$/),
  description: z.string(),
  tokens: z.int().min(2).max(8),
  /** SHA-256 of rule.onnx */
  graph: z.string().regex(/^[0-9a-f]{64}$/),
  inputs: z.array(inputSchema).min(1),
  groups: z.record(groupSchema, names),
  /** rows of the circuit in order, each with its blinding at the end */
  commitments: rowsSchema,
  /** public values behind the commitments, in order */
  values: rowsSchema,
  /** most by which an output of the circuit differs from the exact one, by output */
  errors: z.record(z.string(), z.number()),
  /** comparisons of numbers that are rounded: within the error of their threshold the circuit may take the other branch */
  fragileComparisons: z.int(),
  costs: z.strictObject({
    rows: z.int(),
    hashRows: z.int(),
    usedRows: z.int(),
    columns: z.int(),
    logRows: z.int(),
  }),
});
export type RuleManifest = z.infer<typeof manifestSchema>;

/** @throws {InvalidInputError} naming the first field that is not as it must be */
export function parseManifest(value: unknown): RuleManifest {
  return parseInput(manifestSchema, value, 'rule');
}

/** Inputs of a group, in the order of its row. */
export function inputsOf(manifest: RuleManifest, group: Group): RuleInputDescription[] {
  return manifest.groups[group].map((name) => manifest.inputs.find((input) => input.name === name)!);
}
