import { writeFileSync } from 'node:fs';
import { createProver, parseProof, type ProofVerdict, statementOf } from '#lib/proofs';
import { readJson } from './read-json.js';

/** Proves a statement about a file's input and writes the proof. @throws {UsageError} for a file that cannot be read */
export async function proveCommand(options: {
  statement: string;
  input: string;
  out: string;
}): Promise<{ statement: string; srs: string; seconds: number; out: string }> {
  const statement = statementOf(options.statement);
  const input = statement.parse(readJson(options.input));
  const prover = createProver();
  try {
    const started = performance.now();
    const proof = await prover.prove(statement, input);
    writeFileSync(options.out, `${JSON.stringify(proof, null, 2)}\n`);
    const seconds = (performance.now() - started) / 1000;
    return { statement: proof.statement, srs: proof.srs, seconds, out: options.out };
  } finally {
    await prover.close();
  }
}

/** Whether a proof holds, and its statement. @throws {UsageError} for a file that cannot be read */
export async function verifyCommand(
  file: string,
): Promise<ProofVerdict<unknown> & { statement: string; srs: string }> {
  const proof = parseProof(readJson(file));
  const prover = createProver();
  try {
    const verdict = await prover.verify(statementOf(proof.statement), proof);
    return { ...verdict, statement: proof.statement, srs: proof.srs };
  } finally {
    await prover.close();
  }
}
