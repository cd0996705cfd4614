import { z } from 'zod';
import { InvalidInputError, parseInput } from '#lib/errors';
import { type CircuitInputs, fieldElement, type Statement } from '#lib/proofs';
import { builtFiles, type BuiltFiles } from './built-rule.js';
import { RULE_UNIT, rowsSchema } from './manifest.js';
import { type Integers, runProgram } from './program.js';
import { blinding } from './rule-statement.js';

/** Description of a correction by `rules/zkrules/correction_circuit.py`: everything but its network. */
const correctionSchema = z.strictObject({
  version: z.literal(1),
  /** SHA-256 of correction.onnx */
  graph: z.string().regex(/^[0-9a-f]{64}$/),
  /** shapes of the network's parameters, in the order of their row */
  parameters: z.record(z.string(), z.array(z.int().min(1))),
  /** parameters are whole numbers of 2^−weightBits */
  weightBits: z.int().min(1),
  commitments: rowsSchema,
  values: rowsSchema,
  costs: z.record(z.string(), z.int()),
});
export type CorrectionManifest = z.infer<typeof correctionSchema>;

/** A learned correction as `zkrisk model build` has made it. */
export type BuiltCorrection = BuiltFiles<CorrectionManifest>;

/** Parameters by name, as `zkrisk model train` writes them. */
export type CorrectionNetwork = Readonly<Record<string, readonly number[]>>;
export const networkSchema: z.ZodType<CorrectionNetwork> = z.record(z.string(), z.array(z.number()));

/** @throws {RuleNotBuiltError} where a file is missing, or the graph is not the one that was compiled */
export function loadCorrection(folder: string): BuiltCorrection {
  return builtFiles(folder, 'correction', (value) => parseInput(correctionSchema, value, 'correction'));
}

/** A correction of the forecast that a bar leaves: the state is the row that `bar` commits to as its next one. */
export interface CorrectionInput {
  /** parameters in units of 2^−weightBits, and the blinding of their commitment */
  readonly network: Integers;
  /** packed averages, and the blinding of their commitment */
  readonly state: Integers;
}

export interface CorrectionPublic {
  /** Poseidon hashes of network, state and hints: field elements from 0 up, as contracts keep them */
  readonly commitments: Readonly<Record<string, bigint>>;
  /** of each place of a market's variance, in [½, 2] */
  readonly multipliers: readonly number[];
  readonly failures: readonly string[];
}

/**
 * The row of a network that its commitment is of.
 *
 * @throws {InvalidInputError} naming the parameter that is missing or of another size
 */
export function networkRow(
  { parameters, weightBits }: CorrectionManifest,
  network: CorrectionNetwork,
  salt: bigint,
): Integers {
  const row = Object.entries(parameters).flatMap(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    if (network[name]?.length !== count)
      throw new InvalidInputError(name, `must have ${count} numbers, got ${network[name]?.length ?? 'none'}`);
    return network[name].map((value) => BigInt(Math.round(value * 2 ** weightBits)));
  });
  return [...row, salt];
}

/** The statement of a built correction: these multipliers follow from the committed network and the committed state. */
export function correctionStatement({
  folder,
  manifest,
  program,
}: BuiltCorrection): Statement<CorrectionInput, CorrectionPublic> {
  return {
    name: `correction:${manifest.graph.slice(0, 16)}`,
    folder,
    layout: [
      ...manifest.commitments.map(({ name }) => [name, 1] as const),
      ...manifest.values.map(({ name, length }) => [name, length] as const),
    ],

    inputs({ network, state }): CircuitInputs {
      const rows = { network: network.slice(0, -1), state: state.slice(0, -1) };
      const { brought, broken } = runProgram(program, rows);
      if (broken.length > 0)
        throw new InvalidInputError('correction', `cannot be proven: ${broken.join(', ')}`);
      return [network, state, [...brought.hints, blinding()]];
    },

    public(values) {
      const [violations] = values.get('violations')!;
      return {
        commitments: Object.fromEntries(
          manifest.commitments.map(({ name }) => [name, fieldElement(values.get(name)![0])]),
        ),
        multipliers: values.get('multipliers')!.map((value) => Number(value) / RULE_UNIT),
        failures: violations === 0n ? [] : [`violations are ${violations}, not 0`],
      };
    },

    failures: ({ failures }) => failures,

    parse() {
      throw new InvalidInputError('statement', 'a correction is proven by zkrisk model prove');
    },
  };
}
