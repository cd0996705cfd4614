import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineProver, fromFelt, type ProofDocument, type Statement, toFelt } from '#lib/proofs';

/** A prover with keys of its own, and how to be rid of both. */
export function temporaryProver(threads = 1): { prover: EngineProver; remove: () => Promise<void> } {
  const keys = mkdtempSync(join(tmpdir(), 'zkrisk-keys-'));
  const prover = new EngineProver({ keys, threads });
  return {
    prover,
    async remove() {
      await prover.close();
      rmSync(keys, { recursive: true, force: true });
    },
  };
}

/** Indices of public values of which one more unit goes unnoticed; none in a sound proof. */
export async function unprotected<Input, Public>(
  prover: EngineProver,
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
