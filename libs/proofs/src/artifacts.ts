import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZkriskError } from '#lib/errors';

/** An artifact that is not there, or does not belong to the others. */
export class ArtifactError extends ZkriskError {
  readonly code = 'artifact';
}

/** What a statement is proven and verified with. */
export interface Artifacts {
  readonly circuit: Uint8Array;
  readonly settings: Uint8Array;
  readonly srs: Uint8Array;
  /** the verification key as a contract's code, for the verifier of all circuits */
  readonly chainKey: Uint8Array;
  readonly srsKind: 'development' | 'ceremony';
  /** SHA-256 of circuit, settings and SRS: keys and proofs of another digest do not fit */
  readonly digest: string;
}

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'circuits', 'artifacts');

/**
 * A statement's artifacts, on the development SRS unless ZKRISK_SRS names the file of a ceremony.
 *
 * @throws {ArtifactError} where a file is missing
 */
export function loadArtifacts(name: string, environment: NodeJS.ProcessEnv = process.env): Artifacts {
  const read = (path: string): Buffer => {
    if (!existsSync(path))
      throw new ArtifactError(`${path} is not there; npm run circuits makes it`, { path });
    return readFileSync(path);
  };
  const circuit = read(join(FOLDER, name, 'circuit.ezkl'));
  const settings = read(join(FOLDER, name, 'settings.json'));
  const { run_args } = JSON.parse(settings.toString()) as { run_args: { logrows: number } };
  const ceremony = environment.ZKRISK_SRS;
  const srs = read(ceremony ?? join(FOLDER, 'srs', `development-${run_args.logrows}.srs`));
  const hash = createHash('sha256');
  for (const part of [circuit, settings, srs]) hash.update(createHash('sha256').update(part).digest());
  return {
    circuit,
    settings,
    srs,
    chainKey: read(join(FOLDER, name, 'verifying-key.bin')),
    srsKind: ceremony === undefined ? 'development' : 'ceremony',
    digest: hash.digest('hex'),
  };
}
