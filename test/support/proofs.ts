import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  createProver,
  fromFelt,
  loadArtifacts,
  nativePython,
  type ProofDocument,
  type Prover,
  type Statement,
  toFelt,
} from '#lib/proofs';
import { ROOT } from './python.js';

const CIRCUITS = join(ROOT, 'circuits');

/**
 * A prover for one file, of the backend PROVER_BACKEND names, and how to end it. Its keys are those of all files:
 * vitest.config.mjs names their folder.
 */
export function temporaryProver(threads = 1): { prover: Prover; remove: () => Promise<void> } {
  const prover = createProver({ threads });
  return { prover, remove: () => prover.close() };
}

const oneMore = (felt: string) => toFelt(fromFelt(felt, 'instance') + 1n);

/**
 * Places of public values of which one more unit goes unnoticed; none in a sound proof. Native ezkl verifies the proof alone; the engine's
 * prover also checks what the values state.
 */
export async function unprotected<Input, Public>(
  prover: Prover,
  statement: Statement<Input, Public>,
  document: ProofDocument,
): Promise<number[]> {
  if (process.env.PROVER_BACKEND === 'native') return nativelyUnprotected(statement.name, document);
  const found: number[] = [];
  for (const [i, felt] of document.instances.entries()) {
    const instances = document.instances.with(i, oneMore(felt));
    if ((await prover.verify(statement, { ...document, instances })).holds) found.push(i);
  }
  return found;
}

function nativelyUnprotected(statement: string, { instances, proof }: ProofDocument): number[] {
  const prefix = join(process.env.ZKRISK_PROVING_KEYS!, loadArtifacts(statement).digest);
  const { status, stdout, stderr } = spawnSync(
    nativePython()!,
    [join(ROOT, 'test', 'support', 'verify-altered.py')],
    {
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: CIRCUITS },
      input: JSON.stringify({ prefix, instances, proof, altered: instances.map(oneMore) }),
    },
  );
  const answer = stdout.split('\n').find((line) => line.startsWith('['));
  if (answer === undefined) throw new Error(`verify-altered.py ended with ${status}: ${stderr.slice(-2000)}`);
  return JSON.parse(answer) as number[];
}
