import { createProver, fromFelt, type ProofDocument, type Prover, type Statement, toFelt } from '#lib/proofs';

/**
 * A prover for one file, of the backend PROVER_BACKEND names, and how to end it. Its keys are those of all files:
 * vitest.config.mjs names their folder.
 */
export function temporaryProver(threads = 1): { prover: Prover; remove: () => Promise<void> } {
  const prover = createProver({ threads });
  return { prover, remove: () => prover.close() };
}

/** Indices of public values of which one more unit goes unnoticed; none in a sound proof. */
export async function unprotected<Input, Public>(
  prover: Prover,
  statement: Statement<Input, Public>,
  document: ProofDocument,
): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < document.instances.length; i++) {
    const instances = [...document.instances];
    instances[i] = toFelt(fromFelt(instances[i], 'instance') + 1n);
    if ((await prover.verify(statement, { ...document, instances })).holds) found.push(i);
  }
  return found;
}
