import { createRequire } from 'node:module';
import { type CircuitInputs, fromFelt, loadArtifacts, type Statement, toFelt } from '#lib/proofs';

interface Engine {
  genWitness(circuit: Uint8ClampedArray, input: Uint8ClampedArray): Uint8Array;
}

const engine = createRequire(import.meta.url)('@ezkljs/engine/nodejs/ezkl.js') as Engine;

/** A circuit's answer to rows of its inputs: its public values, or its refusal. */
export type Witness<Public> =
  | { readonly values: ReadonlyMap<string, readonly bigint[]>; readonly public: Public }
  | { readonly refused: string };

/**
 * The witness that ezkl makes of rows, without a proof. It computes every quotient itself, so it cannot show the values of a prover that
 * chooses another quotient could do.
 */
export function witnessOf<Input, Public>(
  statement: Statement<Input, Public>,
  rows: CircuitInputs,
  annex?: object,
): Witness<Public> {
  const { circuit } = loadArtifacts(statement.name, process.env, statement.folder);
  const input = Buffer.from(JSON.stringify({ input_data: rows.map((row) => row.map(toFelt)) }));
  let made: { outputs: string[][]; processed_inputs: { poseidon_hash: string[] } | null };
  try {
    const bytes = engine.genWitness(new Uint8ClampedArray(circuit), new Uint8ClampedArray(input));
    made = JSON.parse(Buffer.from(bytes).toString()) as typeof made;
  } catch (error) {
    return { refused: String(error) };
  }
  const integers = [...(made.processed_inputs?.poseidon_hash ?? []), ...made.outputs.flat()].map((value) =>
    fromFelt(value, 'witness'),
  );
  let at = 0;
  const values = new Map(
    statement.layout.map(([name, length]) => [name, integers.slice(at, (at += length))] as const),
  );
  return { values, public: statement.public(values, annex) };
}

/** A place of a circuit's rows, and another value for it. */
export type Change = readonly [row: number, at: number, change: (value: bigint) => bigint];

/** A verifier's view of rows with some places changed: the refusal, or the claims. */
export function seenWith<Input, Public extends { readonly failures: readonly string[] }>(
  statement: Statement<Input, Public>,
  rows: CircuitInputs,
  changes: readonly Change[],
  annex?: object,
): { readonly failures: readonly string[]; readonly public: Public | undefined } {
  const altered = rows.map((row) => [...row]);
  for (const [row, at, change] of changes) altered[row][at] = change(altered[row][at]);
  const found = witnessOf(statement, altered, annex);
  if ('refused' in found) return { failures: [found.refused], public: undefined };
  return { failures: found.public.failures, public: found.public };
}
