import { z } from 'zod';
import { InvalidInputError } from '#lib/errors';

/** A row of integers; negative ones are field order minus magnitude in the circuit. */
export type Integers = readonly bigint[];

/** The circuit of a rule as a program on rows of integers: each operation fills the next slot from slots before. */
export interface RuleProgram {
  readonly operations: readonly (readonly [string, ...unknown[]])[];
  /** slots that are 0 where the circuit accepts, and the fault where one is not */
  readonly required: readonly { readonly what: string; readonly slot: number }[];
  readonly outputs: readonly { readonly name: string; readonly length: number; readonly slot: number }[];
}

export const programSchema = z.strictObject({
  operations: z.array(z.tuple([z.string()], z.unknown())),
  required: z.array(z.strictObject({ what: z.string(), slot: z.int().min(0) })),
  outputs: z.array(z.strictObject({ name: z.string(), length: z.int().min(1), slot: z.int().min(0) })),
});

/** Result of a program. */
export interface ProgramRun {
  readonly outputs: ReadonlyMap<string, Integers>;
  /** numbers the prover brings, by the row of the circuit that takes them */
  readonly brought: Readonly<Record<'next' | 'hints', Integers>>;
  /** every slot: start of a test of altered witnesses */
  readonly slots: readonly Integers[];
  /** requirements that do not hold; the circuit's `violations` is 0 where there are none */
  readonly broken: readonly string[];
}

/** Range of a circuit's comparison, magnitude or quotient. */
const RANGE = 2n ** 40n;

type Slots = readonly Integers[];
type Operation = (
  slots: Slots,
  inputs: Readonly<Record<string, Integers>>,
  args: readonly never[],
) => Integers;

const zip = (a: Integers, b: Integers, of: (x: bigint, y: bigint) => bigint): Integers =>
  a.map((x, i) => of(x, b[i]));
const inRange = (values: Integers): Integers => {
  const outside = values.find((value) => value >= RANGE || value <= -RANGE);
  if (outside !== undefined)
    throw new InvalidInputError('rule', `computes ${outside}, outside the circuit’s ±2^40`);
  return values;
};

/** The quotient by 2^bits as ezkl's witness has it: in double precision, halves away from zero. */
export function rounded(value: bigint, bits: number): bigint {
  const quotient = Math.abs(Number(value)) / 2 ** bits;
  const below = Math.floor(quotient);
  const magnitude = BigInt(quotient - below >= 0.5 ? below + 1 : below);
  return value < 0n ? -magnitude : magnitude;
}

/** a/b to the nearest integer, halves up. @param b > 0 */
function nearest(a: bigint, b: bigint): bigint {
  const doubled = 2n * a + b;
  const quotient = doubled / (2n * b);
  return doubled < 0n && quotient * 2n * b !== doubled ? quotient - 1n : quotient;
}

/** ⌊√value⌋ by Newton's steps from above. */
function squareRoot(value: bigint): bigint {
  if (value <= 0n) return 0n;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const operation =
  <Args extends readonly unknown[]>(
    run: (slots: Slots, args: Args, inputs: Readonly<Record<string, Integers>>) => Integers,
  ): Operation =>
  (slots, inputs, args) =>
    run(slots, args as unknown as Args, inputs);

const OPERATIONS: Readonly<Record<string, Operation>> = {
  input: operation<[string, number]>((_, [name, length], inputs) => {
    const values = inputs[name];
    if (values?.length !== length - 1)
      throw new InvalidInputError(name, `must have ${length - 1} numbers, got ${values?.length ?? 'none'}`);
    return [...values, 0n];
  }),
  gather: operation<[number, number[]]>((s, [a, indices]) => indices.map((i) => s[a][i])),
  concat: operation<[number[]]>((s, [rows]) => rows.flatMap((row) => [...s[row]])),
  whole: operation<[string[]]>((_, [values]) => values.map(BigInt)),
  add: operation<[number, number]>((s, [a, b]) => zip(s[a], s[b], (x, y) => x + y)),
  subtract: operation<[number, number]>((s, [a, b]) => zip(s[a], s[b], (x, y) => x - y)),
  multiply: operation<[number, number]>((s, [a, b]) => zip(s[a], s[b], (x, y) => x * y)),
  shift: operation<[number, number]>((s, [a, bits]) => inRange(s[a].map((x) => rounded(x, bits)))),
  positive: operation<[number]>((s, [a]) => inRange(s[a]).map((x) => (x > 0n ? x : 0n))),
  magnitude: operation<[number]>((s, [a]) => inRange(s[a]).map((x) => (x < 0n ? -x : x))),
  matmul: operation<[number, number, number, number, number]>((s, [a, b, m, k, n]) =>
    Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0n;
      for (let l = 0; l < k; l++) sum += s[a][i * k + l] * s[b][l * n + j];
      return sum;
    }),
  ),
  sums: operation<[number, number, number]>((s, [a, m, k]) =>
    Array.from({ length: m }, (_, i) => s[a].slice(i * k, (i + 1) * k).reduce((sum, x) => sum + x, 0n)),
  ),
  quotient: operation<[number, number]>((s, [a, b]) => zip(s[a], s[b], nearest)),
  scaled: operation<[number, number]>((s, [a, bits]) => s[a].map((x) => nearest(x, 1n << BigInt(bits)))),
  root: operation<[number]>((s, [a]) => s[a].map(squareRoot)),
  logarithm: operation<[number, number, number]>((s, [a, before, after]) =>
    s[a].map((x) => BigInt(Math.floor(Math.log(Math.max(Number(x), 1) / 2 ** before) * 2 ** after + 0.5))),
  ),
};

/**
 * Runs a rule's program: the same integers as the circuit, and first the quotients and roots that the circuit only checks.
 *
 * @param inputs rows by name, without their blindings
 * @throws {InvalidInputError} for a row of another length, or a number the circuit cannot hold
 */
export function runProgram(program: RuleProgram, inputs: Readonly<Record<string, Integers>>): ProgramRun {
  const slots: Integers[] = [];
  const brought: Record<'next' | 'hints', bigint[]> = { next: [], hints: [] };
  for (const [name, ...rest] of program.operations) {
    const hint = name === 'hint';
    const [kind, ...args] = hint ? (rest.slice(1) as [string, ...unknown[]]) : [name, ...rest];
    const run = OPERATIONS[kind];
    if (run === undefined) throw new InvalidInputError('program', `has an unknown operation ${kind}`);
    const values = run(slots, inputs, args as never[]);
    if (hint) brought[rest[0] as 'next' | 'hints'].push(...values);
    slots.push(values);
  }
  return {
    slots,
    outputs: new Map(program.outputs.map(({ name, slot }) => [name, slots[slot]])),
    brought,
    broken: program.required.filter(({ slot }) => slots[slot][0] !== 0n).map(({ what }) => what),
  };
}
