import { InvalidInputError, messageOf } from '#lib/errors';
import { type Artifacts, loadArtifacts } from './artifacts.js';
import { fromFelt, parseFelt, toFelt } from './field.js';
import type { ProofDocument } from './proof-document.js';
import type { Statement } from './statement.js';

/** Operations on a circuit. */
export type CircuitWork =
  | { readonly kind: 'keys' }
  | { readonly kind: 'prove'; readonly inputs: readonly (readonly string[])[] }
  | { readonly kind: 'verify'; readonly instances: readonly string[]; readonly proof: string };

/** Their results. */
export type CircuitResult =
  | { readonly kind: 'keys' }
  | { readonly kind: 'proof'; readonly instances: readonly string[]; readonly proof: string }
  | { readonly kind: 'verdict'; readonly verifies: boolean };

/** Result of a verification. */
export interface ProofVerdict<Public> {
  readonly holds: boolean;
  /** every reason why it does not; none where it does */
  readonly failures: readonly string[];
  /** the proof's public statement; undefined where it cannot be read */
  readonly values: Public | undefined;
}

/** Proves and verifies statements. */
export interface Prover {
  /**
   * @throws {InvalidInputError} for an input the circuit cannot take
   */
  prove<Input, Public>(statement: Statement<Input, Public>, input: Input): Promise<ProofDocument>;
  verify<Input, Public>(
    statement: Statement<Input, Public>,
    document: ProofDocument,
  ): Promise<ProofVerdict<Public>>;
  /** Poseidon hash of a row of inputs as a circuit's commitment, a field element from 0 up: how one proof's output is found in the next one's input. */
  commit(row: readonly bigint[]): Promise<bigint>;
  /** Makes the keys of a statement's circuit where they are not kept yet; its first proof makes them otherwise. */
  prepare<Input, Public>(statement: Statement<Input, Public>): Promise<void>;
  close(): Promise<void>;
}

/** Common part of provers: statements on one side, circuits on the other. */
export abstract class CircuitProver implements Prover {
  constructor(protected readonly environment: NodeJS.ProcessEnv) {}

  /** Proves or verifies with a circuit's artifacts. */
  protected abstract work(artifacts: Artifacts, work: CircuitWork): Promise<CircuitResult>;
  /** Poseidon hash of a row of field elements. */
  protected abstract hash(row: readonly string[]): Promise<string>;
  abstract close(): Promise<void>;

  async prove<Input, Public>(statement: Statement<Input, Public>, input: Input): Promise<ProofDocument> {
    const inputs = statement.inputs(input).map((row) => row.map(toFelt));
    const annex = statement.annex?.(input);
    const artifacts = loadArtifacts(statement.name, this.environment, statement.folder);
    const reply = await this.work(artifacts, { kind: 'prove', inputs });
    if (reply.kind !== 'proof') throw new Error('the prover answered something else');
    return {
      version: 1,
      statement: statement.name,
      artifacts: artifacts.digest,
      srs: artifacts.srsKind,
      instances: reply.instances,
      proof: reply.proof,
      ...(annex === undefined ? {} : { annex }),
    };
  }

  async prepare<Input, Public>({ name, folder }: Statement<Input, Public>): Promise<void> {
    await this.work(loadArtifacts(name, this.environment, folder), { kind: 'keys' });
  }

  async verify<Input, Public>(
    statement: Statement<Input, Public>,
    document: ProofDocument,
  ): Promise<ProofVerdict<Public>> {
    const artifacts = loadArtifacts(statement.name, this.environment, statement.folder);
    if (document.statement !== statement.name)
      return refused(`it is a proof of ${document.statement}, not of ${statement.name}`);
    if (document.artifacts !== artifacts.digest)
      return refused('it was made with other artifacts: another circuit, or another SRS');
    if (document.srs !== artifacts.srsKind) return refused(`the SRS is not of a ${document.srs}`);
    let values: Public;
    try {
      if (document.annex !== undefined && statement.annex === undefined)
        return refused(`a proof of ${statement.name} has no annex`);
      values = statement.public(publicValues(statement, document.instances), document.annex);
    } catch (error) {
      if (error instanceof InvalidInputError) return refused(error.message);
      throw error;
    }
    const { instances, proof } = document;
    const reply = await this.work(artifacts, { kind: 'verify', instances, proof }).catch(
      (error: unknown) => ({
        kind: 'failed' as const,
        reason: messageOf(error),
      }),
    );
    const failures = [...statement.failures(values)];
    if (reply.kind === 'failed') failures.unshift(`the proof does not verify: ${reply.reason}`);
    else if (reply.kind !== 'verdict' || !reply.verifies) failures.unshift('the proof does not verify');
    return { holds: failures.length === 0, failures, values };
  }

  async commit(row: readonly bigint[]): Promise<bigint> {
    return parseFelt(await this.hash(row.map(toFelt)), 'commitment');
  }
}

function refused<Public>(failure: string): ProofVerdict<Public> {
  return { holds: false, failures: [failure], values: undefined };
}

function publicValues<Input, Public>(
  { layout }: Statement<Input, Public>,
  instances: readonly string[],
): Map<string, bigint[]> {
  const expected = layout.reduce((sum, [, length]) => sum + length, 0);
  if (instances.length !== expected)
    throw new InvalidInputError('proof.instances', `must have ${expected} entries, got ${instances.length}`);
  let at = 0;
  return new Map(
    layout.map(([name, length]) => {
      const first = at;
      at += length;
      const values = instances
        .slice(first, at)
        .map((hex, i) => fromFelt(hex, `proof.instances[${first + i}]`));
      return [name, values];
    }),
  );
}
