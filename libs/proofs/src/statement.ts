import { InvalidInputError } from '#lib/errors';
import { quantise } from './field.js';

/** Rows of field elements that a circuit takes, one an input, as fixed-point integers. */
export type CircuitInputs = readonly (readonly bigint[])[];

/** A statement that a circuit proves: the layout of its input, the meaning of its public values, and when they hold. */
export interface Statement<Input, Public> {
  /** name of the circuit's folder among the artifacts */
  readonly name: string;
  /** folder of its artifacts, where they are not among the repository's */
  readonly folder?: string;
  /** public values of the circuit, in order, with their lengths */
  readonly layout: readonly (readonly [name: string, length: number])[];
  /** @throws {InvalidInputError} naming the field that is not as it must be */
  inputs(input: Input): CircuitInputs;
  /** Public data beside the circuit's values, plain JSON, where an input has some: a proof document carries it. */
  annex?(input: Input): object | undefined;
  /**
   * Public values by name, from a proof's instances: integers, the upper half of the field negative.
   *
   * @param annex of the document, anybody's
   * @throws {InvalidInputError} for an annex that cannot be read
   */
  public(values: ReadonlyMap<string, readonly bigint[]>, annex?: object): Public;
  /** Faults of a proof that verifies: residuals out of their tolerances. Empty where the statement holds. */
  failures(values: Public): readonly string[];
  /** @throws {InvalidInputError} for JSON that is no input */
  parse(value: unknown): Input;
}

/** Numbers as a row of a circuit, zeros in the places that are not taken. */
export function row(name: string, values: readonly number[], length: number): bigint[] {
  if (values.length > length)
    throw new InvalidInputError(name, `must have at most ${length} entries, got ${values.length}`);
  return Array.from({ length }, (_, i) => (i < values.length ? quantise(values[i], `${name}[${i}]`) : 0n));
}
